import { errorChain } from './sqlstate.ts';

/** What to check, by error code: Node's for certificates, Postgres' for logins. */
const ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'The certificate of the server that DATABASE_URL names has expired: renew it there.',
  CERT_NOT_YET_VALID:
    'The certificate of the server that DATABASE_URL names is not valid yet: look at the clocks of both sides.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    "The server's certificate is for other names than the host of DATABASE_URL: use one of its names there.",
  '28P01': 'The password in DATABASE_URL is not that of its user.',
  '28000': 'pg_hba.conf lets this user in from here no further: look at the user, and at sslmode, in DATABASE_URL.',
  '53300':
    'The server takes no more connections of this user: raise max_connections, or the connection limit of the role or the ' +
    'database, or start fewer processes. Work waits meanwhile, and nothing is lost.',
  '3D000': 'Create the database that DATABASE_URL names.',
};

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** One sentence about a connection that was refused: what an operator has to change. */
export function adviceOn(error: unknown): string {
  return knownAdviceOn(error) ?? 'Check DATABASE_URL.';
}

/** The same; null where nothing more is known than the error says. */
export function knownAdviceOn(error: unknown): string | null {
  for (const link of errorChain(error)) {
    const code = 'code' in link && typeof link.code === 'string' ? link.code : '';
    if (UNKNOWN_AUTHORITY.has(code)) {
      return (
        "The server's certificate is signed by an authority that is not known here: add " +
        'sslmode=verify-full&sslrootcert=/path/of/ca.crt to DATABASE_URL, or name the file in NODE_EXTRA_CA_CERTS.'
      );
    }
    const advice = ADVICE[code];
    if (advice !== undefined) return advice;
    if (link.message === 'The server does not support SSL connections') {
      return 'The server speaks no TLS: remove sslmode from DATABASE_URL, or turn TLS on there.';
    }
  }
  return null;
}
