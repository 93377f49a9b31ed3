import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { followSocket, type SocketLife } from '../connecting/early-closes.ts';

const KEEP_ALIVE_DELAY_MS = 60_000;

/** The sockets of one kafkajs client, with a way to cut all of them for good. */
export type SocketGate = {
  factory: ISocketFactory;
  /**
   * Cuts every socket and lets no new one open. kafkajs may go on with a join after `disconnect()` (K7), and with the
   * retries of a send after its caller gave up (K12); behind a closed gate neither reaches a broker. What a frozen broker
   * had received before is still in its socket's buffer, and it will act on it.
   */
  close(): void;
};

/** `watch` hears of each socket by the address of its broker. */
export function createSocketGate(watch: (broker: string) => SocketLife): SocketGate {
  const sockets = new Set<net.Socket>();
  let isClosed = false;
  return {
    factory: ({ host, port, ssl, onConnect }) => {
      if (isClosed) throw new Error('this Kafka client was closed');
      // kafkajs writes a request in one piece, so waiting for more bytes (Nagle) would only delay it.
      const socket = ssl
        ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
        : net.connect({ host, port, noDelay: true }, onConnect);
      socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      followSocket(socket, watch(`${host}:${port}`));
      return socket;
    },
    close: () => {
      isClosed = true;
      for (const socket of sockets) cut(socket);
    },
  };
}

function cut(socket: net.Socket): void {
  socket.destroy();
  // kafkajs listens for this event only; without it its requests would stay pending and its timers would run on.
  socket.emit('end');
}
