import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { RetryableError } from '@runlane/service-kit/errors';
import { AccessDenied } from './errors.ts';
import { askRegistry, authorization, withoutSlash } from './registry-http.ts';
import type { RegistryAddress } from './registry-http.ts';
import { refusalIn } from './registry-refusal.ts';
import type { RegistryLogin } from './security.ts';

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

/** Timeout of one HTTP request, and of a call with all its tries, in milliseconds. */
export type RegistryTimeouts = { requestMs: number; callMs: number };

// All of them: the client assigns what is given into defaults that it shares between instances, so an option left out
// would be whatever another instance was given last. One retry: callers have their own.
const RETRY = { maxRetryTimeInSecs: 1, initialRetryTimeInSecs: 0.1, factor: 0.2, multiplier: 2, retries: 1 };

// The client compiles every schema it fetches, yet values are validated by the contracts: a schema with keywords or
// formats that Ajv does not know must not make its records unreadable. Options and no instance, so that each schema is
// compiled alone: two versions may share one `$id`.
const AJV_OPTIONS = { strict: false, validateSchema: false, validateFormats: false, logger: false } as const;

/**
 * The registry's client as Runlane sets it up. By default it has no timeout. Its package has four dependencies, so it is
 * loaded only where there is a registry.
 */
export async function createRegistryClient(
  { url, login }: RegistryAddress,
  timeouts: RegistryTimeouts,
): Promise<SchemaRegistry> {
  const { SchemaRegistry, SchemaType } = await import('@kafkajs/confluent-schema-registry');
  return new SchemaRegistry(
    {
      host: withoutSlash(url),
      clientId: 'runlane',
      retry: RETRY,
      middlewares: [timeoutOf(timeouts.requestMs), loginOf(login)],
    },
    { [SchemaType.JSON]: AJV_OPTIONS },
  );
}

function timeoutOf(requestMs: number): Middleware {
  return () => ({
    prepareRequest: async (next) => (await next()).enhance({ timeout: requestMs }),
  });
}

function loginOf(login: RegistryLogin | null): Middleware {
  return () => ({
    prepareRequest: async (next) => (await next()).enhance({ headers: authorization(login) }),
  });
}

/** Rejects with RetryableError when the call has not settled in time: some failures leave the client pending for ever. */
export async function withDeadline<T>(call: Promise<T>, timeouts: RegistryTimeouts, action: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new RetryableError(`${action}: no answer within ${timeouts.callMs} ms`)),
    timeouts.callMs,
  );
  try {
    return await Promise.race([call, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The HTTP status of a failed call. Network errors and timeouts have 400, the client's own errors none. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : null;
}

/**
 * The error by which the registry refuses us, for a failed call of the client; null for any other failure. The client hides
 * why a connection failed, so that an address of https is asked once more.
 */
export async function refusalOf(
  error: unknown,
  action: string,
  registry: RegistryAddress,
  timeouts: RegistryTimeouts,
): Promise<AccessDenied | null> {
  const status = statusOf(error);
  if (status === null) return null;
  const answered = refusalIn({ status, text: error instanceof Error ? error.message : '' }, action);
  if (answered !== null || status !== 400 || !registry.url.startsWith('https:')) return answered;
  try {
    await askRegistry(registry, '/schemas/types', { timeoutMs: timeouts.requestMs });
    return null;
  } catch (cause) {
    return cause instanceof AccessDenied ? cause : null;
  }
}

/**
 * Whether a 404 that the client got is the registry's own. The 404 of a wrong URL, or of a gateway whose registry is down,
 * says nothing about a schema, and the client does not distinguish them.
 */
export async function isUnknownToRegistry(
  registry: RegistryAddress,
  path: string,
  timeouts: RegistryTimeouts,
): Promise<boolean> {
  const { status, errorCode } = await askRegistry(registry, path, { timeoutMs: timeouts.requestMs });
  return status === 404 && errorCode !== null;
}
