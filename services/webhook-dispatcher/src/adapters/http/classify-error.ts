import { AttemptFault, errorCode } from './attempt-fault.ts';
import type { FaultOutcome } from './attempt-fault.ts';

const TLS_HINTS: Record<string, string> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the server does not send its intermediate certificates, or its issuer is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the issuer of the certificate is not trusted here',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends in a certificate that is not trusted here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the server has no TLS 1.2',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the server has no TLS 1.2',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port',
};
const MAX_MESSAGE_LENGTH = 300;

/** The outcome of a TLS error: always worth another try, because certificates are renewed. */
export function tlsFault(error: unknown, hostname: string): AttemptFault {
  const code = errorCode(error);
  const what = TLS_HINTS[code] ?? printable(error instanceof Error ? error.message : String(error));
  return new AttemptFault({
    kind: 'failed',
    class: 'tls',
    message: `TLS with ${hostname} failed: ${what}${code === '' ? '' : ` (${code})`}.`,
  });
}

/** What is known of the connection on which an attempt failed. */
export type FailedConnection = {
  hostname: string;
  isTls: boolean;
  /** It was made for this attempt; else it was kept from an earlier one. */
  isFresh: boolean;
  /** Some part of an answer has arrived. */
  hasReceived: boolean;
};

const CLOSED = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|UND_ERR_CLOSED|UND_ERR_DESTROYED)$/;

/** The outcome of an error after the connection was made. */
export function classifyError(error: unknown, connection: FailedConnection): FaultOutcome {
  if (error instanceof AttemptFault) return error.outcome;
  const code = errorCode(error) || 'unknown';
  if (/^(ERR_SSL|ERR_TLS|EPROTO)/.test(code)) return tlsFault(error, connection.hostname).outcome;
  if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_CHAR') {
    return { kind: 'blocked', code: 'invalid_request', message: 'The request has a header that HTTP cannot carry.' };
  }
  if (CLOSED.test(code) && !connection.hasReceived && !connection.isFresh) {
    return { kind: 'failed', class: 'stale_connection', message: `The kept connection was closed (${code}).` };
  }
  if (CLOSED.test(code) && !connection.hasReceived && connection.isTls) {
    // In TLS 1.3 a server rejects a client after the client's side of the handshake is done, and its alert may be lost with
    // the socket.
    const what = 'the server closed the connection after the handshake; it may demand a client certificate';
    return tlsFault(new Error(what), connection.hostname).outcome;
  }
  return { kind: 'failed', class: 'protocol', message: `The answer had no complete HTTP head (${code}).` };
}

/** A server's or a certificate's words, fit for a log. */
function printable(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, MAX_MESSAGE_LENGTH)
    .trim()
    .replace(/\.$/, '');
}
