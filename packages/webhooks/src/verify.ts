import { timingSafeEqual, verify as verifyBytes } from 'node:crypto';
import { parsePublicKey, parseSecret } from './keys.ts';
import { signedBytes, signV1 } from './sign.ts';

/** A webhook as a receiver has it, and the keys it trusts: one of them has to have signed. */
export type ReceivedWebhook = {
  /** Names in lower case, as Node gives them. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came: a body that was parsed and written again does not verify. */
  body: Uint8Array;
  /** `whsec_…` keys, for v1. */
  secrets?: readonly string[];
  /** `whpk_…` keys, for v1a. */
  publicKeys?: readonly string[];
  /** Unix time of the receiver, in seconds. */
  now: number;
  /** How far the timestamp may lie from `now`, in seconds. Default 300. */
  tolerance?: number;
};

export type Verification =
  | { kind: 'ok'; id: string; timestamp: number }
  | {
      kind: 'refused';
      code: 'missing_header' | 'malformed_header' | 'too_old' | 'too_new' | 'no_match';
      message: string;
    };

/**
 * Checks the signature of a webhook by Standard Webhooks, strictly: every header once and well-formed, the time within
 * the tolerance, one signature that matches. Receivers drop repeats by `id`.
 *
 * Thrown: Error when no key is given, or one is malformed.
 */
export function verifyWebhook(webhook: ReceivedWebhook): Verification {
  const { headers, body, now, tolerance = 300 } = webhook;
  const secrets = (webhook.secrets ?? []).map((text) => parseSecret(text) ?? malformedKey('whsec_'));
  const publicKeys = (webhook.publicKeys ?? []).map((text) => parsePublicKey(text) ?? malformedKey('whpk_'));
  if (secrets.length + publicKeys.length === 0) throw new Error('Verifying needs a whsec_ secret or a whpk_ key.');

  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signature = headers['webhook-signature'];
  if (id === undefined || timestamp === undefined || signature === undefined) {
    return refused('missing_header', 'webhook-id, webhook-timestamp and webhook-signature must all be there.');
  }
  if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,255}$/.test(id)) return malformed('webhook-id');
  if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return malformed('webhook-timestamp');
  if (
    typeof signature !== 'string' ||
    !/^v\d+[a-z]?,[A-Za-z0-9+/]+={0,2}( v\d+[a-z]?,[A-Za-z0-9+/]+={0,2})*$/.test(signature)
  ) {
    return malformed('webhook-signature');
  }
  const seconds = Number(timestamp);
  if (seconds < now - tolerance) return refused('too_old', `The webhook was signed ${now - seconds} seconds ago.`);
  if (seconds > now + tolerance) return refused('too_new', `The webhook was signed ${seconds - now} seconds ahead.`);

  const bytes = signedBytes({ id, timestamp: seconds, body });
  const expected = secrets.map((secret) => Buffer.from(signV1(secret, bytes)));
  const isGenuine = signature.split(' ').some((part) => {
    if (part.startsWith('v1,')) return expected.some((mac) => isEqual(mac, Buffer.from(part)));
    if (!part.startsWith('v1a,')) return false;
    const raw = Buffer.from(part.slice('v1a,'.length), 'base64');
    return publicKeys.some((key) => verifyBytes(null, bytes, key, raw));
  });
  return isGenuine ? { kind: 'ok', id, timestamp: seconds } : refused('no_match', 'No signature matches a given key.');
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function malformed(header: string): Verification {
  return refused('malformed_header', `${header} is malformed, or there more than once.`);
}

function malformedKey(prefix: string): never {
  throw new Error(`A key to verify with is no ${prefix} key. Print it with the runlane command line.`);
}

function refused(code: Extract<Verification, { kind: 'refused' }>['code'], message: string): Verification {
  return { kind: 'refused', code, message };
}
