import { createHmac, createSecretKey, hash, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { keeping } from './keeping.ts';
import {
  FIRST_VERSION,
  MIN_MASTER_KEY_LENGTH,
  endpointOf,
  hmacKeyOf,
  originKeyOf,
  publicJwkOf,
  publicKeyOf,
  signingKeyOf,
} from './keys.ts';
import type { PublicJwk } from './keys.ts';

/** What a signature covers (Standard Webhooks): the id, the time of the attempt, exactly the bytes of the body. */
export type SignedContent = {
  /** {@link webhookIdOf}; a dot in it would let one signature stand for two contents. */
  id: string;
  /** Unix time of the attempt, in whole seconds. */
  timestamp: number;
  body: Uint8Array;
};

/** The headers of Standard Webhooks. No other header is signed. */
export type SignatureHeaders = {
  'webhook-id': string;
  'webhook-timestamp': string;
  /**
   * `v1,…` and `v1a,…` of every master key, separated by blanks, the current key's first of each kind; of v1 by the secret of
   * the endpoint before that of the whole origin.
   */
  'webhook-signature': string;
};

export type WebhookSigner = {
  /** @param url of the target: its HMAC keys are derived from its origin and path */
  sign(url: string, content: SignedContent): SignatureHeaders;
  /** The v1a keys (`whpk_…`), the current one first; none when nothing is signed so. */
  readonly publicKeys: readonly string[];
  /** The same as JSON Web Keys. */
  readonly jwks: readonly PublicJwk[];
};

/** RUNLANE_WEBHOOK_SIGNATURES: by secrets that a receiver has (v1), by a key whose public half anybody may know (v1a). */
const SIGNATURE_KINDS = ['v1', 'v1a', 'both'] as const;
export type SignatureKinds = (typeof SIGNATURE_KINDS)[number];

export type SignerOptions = {
  /** Default: both. */
  signatures?: SignatureKinds;
  /**
   * Versions of the secrets of endpoints that were rotated alone; all of them sign. These endpoints no longer use the secret
   * of their origin. Others have {@link FIRST_VERSION}.
   */
  versions?: ReadonlyMap<string, readonly number[]>;
};

/** Number of URLs whose derived keys are cached: a key costs more than a signature, and anybody can invent URLs. */
const MAX_KEPT_URLS = 4_096;

const ID = /^[A-Za-z0-9_-]{1,255}$/;

/**
 * Signs under all master keys, so that receivers that have the old or the new secret both accept what is sent.
 *
 * @param masterKeys RUNLANE_WEBHOOK_MASTER_KEY, the current one first
 * Thrown: Error without a master key, or with one that is too short.
 */
export function createSigner(
  masterKeys: readonly string[],
  { signatures: kinds = 'both', versions = new Map() }: SignerOptions = {},
): WebhookSigner {
  if (masterKeys.length === 0 || masterKeys.some((key) => key.length < MIN_MASTER_KEY_LENGTH)) {
    throw new Error(`RUNLANE_WEBHOOK_MASTER_KEY needs at least one key of ${MIN_MASTER_KEY_LENGTH} characters.`);
  }
  const signingKeys = kinds === 'v1' ? [] : masterKeys.map(signingKeyOf);
  const keysOf = keeping(MAX_KEPT_URLS, (url) => {
    const endpoint = endpointOf(url);
    const rotated = versions.get(endpoint);
    const { origin } = new URL(endpoint);
    return (
      masterKeys
        .flatMap((key) => [
          ...(rotated ?? [FIRST_VERSION]).map((version) => hmacKeyOf(key, endpoint, version)),
          // Receivers that have the secret of before, which was that of all URLs of the origin.
          ...(rotated === undefined ? [originKeyOf(key, origin)] : []),
        ])
        // As key objects: createHmac makes one of every buffer, which costs three times as much as the signature.
        .map((bytes) => createSecretKey(bytes))
    );
  });
  return {
    publicKeys: kinds === 'v1' ? [] : masterKeys.map(publicKeyOf),
    jwks: kinds === 'v1' ? [] : masterKeys.map(publicJwkOf),
    sign: (url, content) => {
      const bytes = signedBytes(content);
      const signatures = [
        ...(kinds === 'v1a' ? [] : keysOf(url)).map((key) => signV1(key, bytes)),
        ...signingKeys.map((key) => signV1a(key, bytes)),
      ];
      return {
        'webhook-id': content.id,
        'webhook-timestamp': String(content.timestamp),
        'webhook-signature': signatures.join(' '),
      };
    },
  };
}

/**
 * The `webhook-id` of an event for a URL: the same over retries, replays and redelivery, and another one for each URL.
 *
 * @param urlHash `urlHash` of the target
 */
export function webhookIdOf(eventId: string, urlHash: string): string {
  const digest = hash('sha256', `${urlHash} ${eventId}`, 'buffer');
  return `msg_${digest.subarray(0, 24).toString('base64url')}`;
}

/** Thrown: Error for an id or a timestamp that would make the signed bytes ambiguous. */
export function signedBytes({ id, timestamp, body }: SignedContent): Buffer {
  if (!ID.test(id)) throw new Error('A webhook-id consists of 1 to 255 letters, digits, underscores and dashes.');
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw new Error('A webhook-timestamp is whole seconds.');
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
}

/** `v1,` and the base64 of HMAC-SHA256. */
export function signV1(key: Uint8Array | KeyObject, bytes: Uint8Array): string {
  return `v1,${createHmac('sha256', key).update(bytes).digest('base64')}`;
}

/** `v1a,` and the base64 of the Ed25519 signature. */
export function signV1a(key: KeyObject, bytes: Uint8Array): string {
  return `v1a,${signBytes(null, bytes, key).toString('base64')}`;
}
