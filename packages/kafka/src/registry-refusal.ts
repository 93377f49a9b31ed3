/** What a registry, or our side of TLS, refuses; and what to look at. */
import { CERTIFICATE_CODES } from './certificate-codes.ts';
import { RegistryDenied } from './errors.ts';

/** The error for an answer with which the registry refuses us; null for any other answer. `action` begins its sentence. */
export function refusalIn({ status, text }: { status: number; text: string }, action: string): RegistryDenied | null {
  if (status !== 401 && status !== 403) return null;
  const advice =
    status === 401
      ? 'Look at SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.'
      : 'Grant the user of SCHEMA_REGISTRY_USERNAME the missing permission: to read the subjects, and to write them where schemas are registered.';
  return new RegistryDenied(
    `${action}: the registry answered ${status} ${text.slice(0, 200)}`.trimEnd() + `. ${advice}`,
  );
}

/** The error for a connection that failed by a certificate, or by TLS altogether; null for any other failure. */
export function refusalByTls(error: unknown, action: string): RegistryDenied | null {
  const found = tlsFailureIn(error);
  if (found === null) return null;
  const { code, message } = found;
  return new RegistryDenied(`${action}: ${message} (${code}). ${adviceOn(code)}`, { cause: error });
}

function tlsFailureIn(error: unknown): { code: string; message: string } | null {
  const seen = new Set<unknown>();
  let current = error;
  while (current instanceof Error && !seen.has(current)) {
    seen.add(current);
    const code = 'code' in current && typeof current.code === 'string' ? current.code : '';
    if (CERTIFICATE_CODES.includes(code) || code.startsWith('ERR_SSL_'))
      return { code, message: current.message.trim() };
    current = current.cause;
  }
  return null;
}

function adviceOn(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'The certificate is for other names than SCHEMA_REGISTRY_URL has: use one of its names there.';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'Renew the certificate of the registry that SCHEMA_REGISTRY_URL names, and look at the clocks.';
  }
  if (code.startsWith('ERR_SSL_')) {
    return 'SCHEMA_REGISTRY_URL has to name a server that speaks HTTPS; for one that does not it begins with http://.';
  }
  return 'Set NODE_EXTRA_CA_CERTS, before the process starts, to the authority that has signed the certificate of SCHEMA_REGISTRY_URL.';
}
