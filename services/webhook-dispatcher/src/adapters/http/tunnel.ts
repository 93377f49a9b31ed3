import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isIPv6 } from 'node:net';
import { AttemptFault, errorCode } from './attempt-fault.ts';

/**
 * Asks the egress proxy to connect to a host. For a checked address it resolves nothing, so the checked address is dialled.
 *
 * @param host an address, or a name that the proxy looks up itself
 * Thrown: AttemptFault: `blocked` when the proxy refuses the host, `connect` when the receiver does not answer it,
 *   `infrastructure` for everything that is wrong with the proxy itself.
 */
export async function tunnelThrough(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const path = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const connect = request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port === '' ? 80 : Number(proxy.port),
    method: 'CONNECT',
    path,
    agent: false,
    headers: {
      host: path,
      ...(proxy.username === ''
        ? {}
        : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
    },
  });
  connect.once('connect', (answer, socket, head) => {
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300 && head.length === 0) resolve(socket as Socket);
    else {
      socket.destroy();
      reject(refusal(answer, host));
    }
  });
  connect.on('error', (error) => reject(proxyFault(errorCode(error) || error.message)));
  connect.once('close', () => reject(proxyFault('closed')));
  const onAbort = (): void => {
    reject(signal.reason as Error);
    connect.destroy();
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else connect.end();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function refusal({ statusCode: status = 0, headers }: IncomingMessage, host: string): AttemptFault {
  // Smokescreen refuses with 407, without asking for credentials, and says why.
  const isDenial = status === 407 && (!('proxy-authenticate' in headers) || 'x-smokescreen-error' in headers);
  if (status === 403 || isDenial) {
    return new AttemptFault({ kind: 'blocked', code: 'proxy_denied', message: `The egress proxy denies ${host}.` });
  }
  if (status === 502 || status === 504) {
    const message = `The egress proxy cannot reach ${host} (${status}).`;
    return new AttemptFault({ kind: 'failed', class: 'connect', message });
  }
  return proxyFault(`status ${status}`);
}

function proxyFault(what: string): AttemptFault {
  const message = `The egress proxy of RUNLANE_WEBHOOK_PROXY does not work (${what}).`;
  return new AttemptFault({ kind: 'infrastructure', message, isEverywhere: true });
}
