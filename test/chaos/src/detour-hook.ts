/**
 * Preloaded into all threads of a service: connections to a port of the loopback are made to another one, where a proxy is.
 * A broker tells its clients its own address, so they would not stay behind a proxy by themselves. `CHAOS_DETOURS`:
 * `from=to`, several with commas.
 */
import { Socket } from 'node:net';

const detours = new Map(
  (process.env['CHAOS_DETOURS'] ?? '').split(',').map((pair): [number, number] => {
    const [from, to] = pair.split('=').map(Number);
    return [from ?? 0, to ?? 0];
  }),
);
// oxlint-disable-next-line typescript/unbound-method -- called with the socket
const direct = Socket.prototype.connect;

Socket.prototype.connect = function connect(this: Socket, ...args: unknown[]): Socket {
  const [first] = args;
  // `net.connect` hands its arguments over as one list.
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options === 'object' && options !== null && 'port' in options) {
    options.port = detours.get(Number(options.port)) ?? options.port;
  }
  return Reflect.apply(direct, this, args) as Socket;
} as typeof direct;
