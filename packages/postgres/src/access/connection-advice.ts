import { SQLSTATE, errorChain, isServerError } from '../sqlstate.ts';

/** A server that is full is no refusal: it lets somebody else in, and soon us. */
const TOO_MANY_CONNECTIONS = '53300';

/** What to check, by error code: Node's for certificates, Postgres' for logins. */
const ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'The certificate of the server that DATABASE_URL names has expired: renew it there.',
  CERT_NOT_YET_VALID:
    'The certificate of the server that DATABASE_URL names is not valid yet: look at the clocks of both sides.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    "The server's certificate is for other names than the host of DATABASE_URL: use one of its names there.",
  '28P01': 'The password in DATABASE_URL is not that of its user.',
  '28000': 'pg_hba.conf does not admit this user from here: check the user, and sslmode, in DATABASE_URL.',
  [TOO_MANY_CONNECTIONS]:
    'The server takes no more connections of this user: raise max_connections, or the connection limit of the role or the ' +
    'database, or start fewer processes. Work waits in the meantime, and nothing is lost.',
  '3D000': 'Create the database that DATABASE_URL names.',
  database_url_unusable:
    'Put a whole URL into DATABASE_URL, or into the file that DATABASE_URL_FILE names, and make the files readable that it names.',
};

/** The same for servers that are away, which is no refusal: they may come back by themselves. */
const ADVICE_ON_OUTAGE: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'DNS does not answer for the host of DATABASE_URL.',
  ECONNREFUSED: 'Nothing listens at the host and the port of DATABASE_URL, or not yet.',
  EHOSTUNREACH: 'No way leads to the host of DATABASE_URL: look at network policies and firewalls.',
  ENETUNREACH: 'No way leads to the host of DATABASE_URL: look at network policies and firewalls.',
  ENOTFOUND: 'DNS knows no host of the name that DATABASE_URL has: look at its spelling.',
};

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What `connect` on a database answers to whom that was not granted, by severity, so that it is no answer to a statement. */
function isDeniedDatabase(error: Error): boolean {
  return isServerError(error) && error.code === SQLSTATE.insufficientPrivilege && error.severity === 'FATAL';
}

/** Whether a new connection was refused, by the server or by us, for what somebody has to mend: a login, a certificate, a grant. */
export function isRefusedConnection(error: unknown): boolean {
  return errorChain(error).some((link) => {
    const code = codeOf(link);
    if (code === TOO_MANY_CONNECTIONS) return false;
    return ADVICE[code] !== undefined || UNKNOWN_AUTHORITY.has(code) || isDeniedDatabase(link) || speaksNoTls(link);
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function speaksNoTls({ message }: Error): boolean {
  return message === 'The server does not support SSL connections';
}

/** One sentence about a connection that was refused: what an operator has to change. */
export function adviceOn(error: unknown): string {
  return knownAdviceOn(error) ?? 'Check DATABASE_URL.';
}

/** The same; null where nothing more is known than the error says. */
export function knownAdviceOn(error: unknown): string | null {
  for (const link of errorChain(error)) {
    const code = codeOf(link);
    if (UNKNOWN_AUTHORITY.has(code)) {
      return (
        "The server's certificate is signed by an authority that is not known here: add " +
        'sslmode=verify-full&sslrootcert=/path/of/ca.crt to DATABASE_URL, or name the file in NODE_EXTRA_CA_CERTS.'
      );
    }
    const advice = ADVICE[code] ?? ADVICE_ON_OUTAGE[code];
    if (advice !== undefined) return advice;
    if (isDeniedDatabase(link)) return 'Grant connect on the database to the role of DATABASE_URL.';
    if (speaksNoTls(link)) {
      return 'The server speaks no TLS: remove sslmode from DATABASE_URL, or turn TLS on there.';
    }
  }
  return null;
}
