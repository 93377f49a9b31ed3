import { createPrivateKey, createPublicKey, hash, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Shortest master key, in characters. */
export const MIN_MASTER_KEY_LENGTH = 32;

/** What 32 random hexadecimal digits have at least, as `isGuessable` estimates it. */
const MIN_ESTIMATED_BITS = 96;

/**
 * Whether a master key repeats itself so much that it can be guessed. Whoever has the published key can try guesses without
 * asking anybody, and a guessed master key gives every secret away. A key that somebody has made up may pass.
 */
export function isGuessable(masterKey: string): boolean {
  const counts = new Map<string, number>();
  for (const character of masterKey) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / masterKey.length);
  return bits < MIN_ESTIMATED_BITS;
}

// Part of every derived key: a change here would invalidate the secrets that receivers have stored.
const SALT = 'runlane/webhooks/v1';
const KEY_BYTES = 32;

/** DER of an Ed25519 private key up to its 32 bytes (RFC 8410, PKCS #8). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410, SPKI). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Version of an endpoint whose own secret was never rotated. */
export const FIRST_VERSION = 1;

/** What has a secret of its own: origin and path of a URL. Its query and fragment do not count. */
export function endpointOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/**
 * The HMAC key of an endpoint under one master key: 32 bytes, HKDF-SHA256.
 *
 * @param endpoint of {@link endpointOf}
 * @param version counts the rotations of this secret alone, from 1
 */
export function hmacKeyOf(masterKey: string, endpoint: string, version: number): Buffer {
  return derive(masterKey, `hmac ${endpoint} ${version}`);
}

/** The HMAC key that all URLs of an origin had before endpoints had their own. */
export function originKeyOf(masterKey: string, origin: string): Buffer {
  return derive(masterKey, `hmac ${origin}`);
}

/** The HMAC key of a URL's endpoint as receivers keep it: `whsec_` and base64. */
export function secretOf(masterKey: string, url: string, version: number = FIRST_VERSION): string {
  return `whsec_${hmacKeyOf(masterKey, endpointOf(url), version).toString('base64')}`;
}

/** {@link originKeyOf} as receivers keep it. */
export function originSecretOf(masterKey: string, origin: string): string {
  return `whsec_${originKeyOf(masterKey, origin).toString('base64')}`;
}

/** The Ed25519 key under one master key; all origins share it, because its public half is no secret. */
export function signingKeyOf(masterKey: string): KeyObject {
  return ed25519PrivateKey(derive(masterKey, 'ed25519'));
}

/** The public half of {@link signingKeyOf} as a JSON Web Key (RFC 8037); its `kid` is the thumbprint of RFC 7638. */
export type PublicJwk = { kty: 'OKP'; crv: 'Ed25519'; x: string; use: 'sig'; alg: 'EdDSA'; kid: string };

export function publicJwkOf(masterKey: string): PublicJwk {
  const x = Buffer.from(publicKeyOf(masterKey).slice('whpk_'.length), 'base64').toString('base64url');
  const kid = hash('sha256', JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }), 'base64url');
  return { kty: 'OKP', crv: 'Ed25519', x, use: 'sig', alg: 'EdDSA', kid };
}

/** The public half of {@link signingKeyOf} as it is published: `whpk_` and base64. */
export function publicKeyOf(masterKey: string): string {
  const der = createPublicKey(signingKeyOf(masterKey)).export({ format: 'der', type: 'spki' });
  return `whpk_${der.subarray(SPKI_PREFIX.length).toString('base64')}`;
}

/** @param seed the 32 bytes of RFC 8032 */
export function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** The bytes of a `whsec_` secret; null when the text is none, or shorter than 24 or longer than 64 bytes. */
export function parseSecret(text: string): Buffer | null {
  const bytes = parseBase64(text, 'whsec_');
  return bytes !== null && bytes.length >= 24 && bytes.length <= 64 ? bytes : null;
}

/** The key of a `whpk_` text; null when it is none. */
export function parsePublicKey(text: string): KeyObject | null {
  const bytes = parseBase64(text, 'whpk_');
  if (bytes?.length !== KEY_BYTES) return null;
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
}

function parseBase64(text: string, prefix: string): Buffer | null {
  const base64 = text.slice(prefix.length);
  return text.startsWith(prefix) && /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : null;
}

function derive(masterKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, SALT, purpose, KEY_BYTES));
}
