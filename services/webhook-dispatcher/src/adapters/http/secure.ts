import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { AttemptFault } from './attempt-fault.ts';
import { tlsFault } from './classify-error.ts';

/**
 * TLS 1.2 or newer over a connection, for the name of the URL: server name, certificate and Host all depend on it, while
 * the address below was chosen by us. The certificate is always verified.
 *
 * @param ca certificates to trust instead of Node's; undefined in production, where NODE_EXTRA_CA_CERTS adds to them
 * Thrown: AttemptFault; the connection is destroyed then.
 */
export async function secure(
  socket: Socket,
  hostname: string,
  { ca, signal }: { ca: string[] | undefined; signal: AbortSignal },
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const secured = connect({
    socket,
    host: hostname,
    // Server names of addresses are not allowed (RFC 6066); the certificate is checked against `host` then.
    servername: isIP(hostname) === 0 ? hostname : '',
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Stated, because NODE_TLS_REJECT_UNAUTHORIZED would turn the default off.
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
  });
  const onAbort = (): void => reject(signal.reason as Error);
  const onError = (error: Error): void => reject(tlsFault(error, hostname));
  const onClose = (): void => reject(tlsFault(new Error('closed during the handshake'), hostname));
  secured.once('secureConnect', () => resolve(secured));
  secured.once('error', onError);
  secured.once('close', onClose);
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    return await promise;
  } catch (error) {
    secured.on('error', () => secured.destroy());
    secured.destroy();
    socket.destroy();
    throw error instanceof AttemptFault ? error : tlsFault(error, hostname);
  } finally {
    secured.off('error', onError);
    secured.off('close', onClose);
    signal.removeEventListener('abort', onAbort);
  }
}
