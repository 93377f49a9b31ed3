import { RetryableError } from '@runlane/service-kit/errors';
import { AccessDenied } from './errors.ts';

/** `expiresAtMs` is Unix time in milliseconds. */
export type Token = { value: string; expiresAtMs: number };

export type ClientCredentials = { url: string; clientId: string; clientSecret: string; scope: string | null };

const REQUEST_MS = 5_000;
/** Assumed lifetime of a token when the server names none, in seconds. */
const DEFAULT_LIFETIME_SECONDS = 300;
/**
 * A token is replaced before a fifth of its life, and this many milliseconds, are left: a session lasts no longer than its
 * token, and kafkajs logs in anew 10 s before it ends. Of short lives it is half.
 */
const SPARE_MS = 20_000;
const SPARE_SHARE = 0.2;
const MOST_SPARE_SHARE = 0.5;

/** Asks for a new token when the current one has used up most of its life; callers in the meantime share the request. */
export class TokenCache {
  readonly #fetch: () => Promise<Token>;
  readonly #nowMs: () => number;
  #token: { value: string; freshUntilMs: number } | null = null;
  #fetching: Promise<string> | null = null;

  constructor(fetchToken: () => Promise<Token>, nowMs: () => number) {
    this.#fetch = fetchToken;
    this.#nowMs = nowMs;
  }

  /** Thrown: what fetching one throws. */
  current(): Promise<string> {
    if (this.#token !== null && this.#nowMs() < this.#token.freshUntilMs) return Promise.resolve(this.#token.value);
    this.#fetching ??= this.#renew().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #renew(): Promise<string> {
    const askedMs = this.#nowMs();
    const { value, expiresAtMs } = await this.#fetch();
    const lifeMs = expiresAtMs - askedMs;
    const spareMs = Math.min(Math.max(SPARE_MS, lifeMs * SPARE_SHARE), lifeMs * MOST_SPARE_SHARE);
    this.#token = { value, freshUntilMs: expiresAtMs - spareMs };
    return value;
  }
}

/**
 * A token by the grant of client credentials (RFC 6749, section 4.4).
 *
 * Thrown when the server refuses the client, or answers anything but a token: AccessDenied. Thrown when it does not answer,
 * or answers with a server error: RetryableError.
 */
export async function clientCredentials({ url, clientId, clientSecret, scope }: ClientCredentials): Promise<Token> {
  const what = `KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL (${new URL(url).host})`;
  const askedMs = Date.now();
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) });
  const login = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { authorization: `Basic ${login}`, accept: 'application/json' },
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw new RetryableError(`${what} does not answer`, { cause: error });
  }
  if (status === 429 || status >= 500) throw new RetryableError(`${what} answers ${status}`);
  if (status !== 200) throw new AccessDenied(`${what} answers ${status}: ${text.slice(0, 200)}`);
  const answer = parsed(text);
  const value: unknown = Reflect.get(answer, 'access_token');
  const seconds: unknown = Reflect.get(answer, 'expires_in');
  if (typeof value !== 'string') throw new AccessDenied(`${what} answers 200 without an access_token`);
  const lifetime = typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS;
  return { value, expiresAtMs: askedMs + lifetime * 1_000 };
}

function parsed(text: string): object {
  try {
    return Object(JSON.parse(text)) as object;
  } catch {
    return {};
  }
}
