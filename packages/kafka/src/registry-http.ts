import { RetryableError } from '@runlane/service-kit/errors';
import { AccessDenied } from './errors.ts';
import { refusalByTls, refusalIn } from './registry-refusal.ts';
import type { RegistryLogin } from './security.ts';

/** `errorCode` is the registry's own (40401 subject, 40403 schema not found); null in answers that are not its own. */
export type RegistryAnswer = { status: number; text: string; errorCode: number | null };

const REGISTRY_JSON = { 'content-type': 'application/vnd.schemaregistry.v1+json' };

/** A Confluent-compatible registry: the base of its API, which may hold a path, and who asks; null = nobody in particular. */
export type RegistryAddress = { url: string; login: RegistryLogin | null };

/**
 * One request to the registry, for what its client does not offer: a GET, or a PUT or POST of `body`. `path` comes behind the
 * base URL.
 *
 * Thrown when the registry refuses who we are or what we may do, or its certificate is no good: AccessDenied. Thrown when no
 * answer came in time: RetryableError. The reason of an aborted signal is thrown as it is.
 */
export async function askRegistry(
  { url: registryUrl, login }: RegistryAddress,
  path: string,
  options: { timeoutMs: number; body?: object; method?: 'PUT' | 'POST'; signal?: AbortSignal | undefined },
): Promise<RegistryAnswer> {
  const { timeoutMs, body, method = 'PUT', signal } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const change =
    body === undefined
      ? { headers: authorization(login) }
      : { method, body: JSON.stringify(body), headers: { ...REGISTRY_JSON, ...authorization(login) } };
  try {
    const response = await fetch(`${withoutSlash(registryUrl)}${path}`, {
      ...change,
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    const text = await response.text();
    const refusal = refusalIn({ status: response.status, text }, `asking for ${path} failed`);
    if (refusal !== null) throw refusal;
    return { status: response.status, text, errorCode: errorCodeIn(text) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AccessDenied) throw error;
    const refusal = refusalByTls(error, `asking for ${path} failed`);
    if (refusal !== null) throw refusal;
    throw new RetryableError(`the registry did not answer ${path}`, { cause: error });
  }
}

/** What shows who asks; nothing without a login. */
export function authorization(login: RegistryLogin | null): { authorization?: string } {
  if (login === null) return {};
  return { authorization: `Basic ${Buffer.from(`${login.username}:${login.password()}`).toString('base64')}` };
}

/** A base URL to which paths are appended that begin with a slash. */
export function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function errorCodeIn(text: string): number | null {
  const digits = /"error_code"\s*:\s*(\d+)/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
