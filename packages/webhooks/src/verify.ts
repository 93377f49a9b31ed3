import { hash, timingSafeEqual, verify as verifyBytes } from 'node:crypto';
import { parsePublicKey, parseSecret } from './keys.ts';
import { signedBytes, signV1, webhookIdOf } from './sign.ts';

/** A webhook as a receiver has it, and the keys it trusts: one of them has to have signed. */
export type ReceivedWebhook = {
  /**
   * The receiver's own URL, as it is given as `webhook` of runs. The key of v1a is that of all receivers, and the secret of v1
   * that of all URLs which differ in their query: what was sent to another one verifies as well, and only the URL tells it apart.
   */
  url: string;
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
  /** How far the timestamp may be from `now`, in seconds. Default 300. */
  tolerance?: number;
};

export type Verification =
  | { kind: 'ok'; id: string; timestamp: number }
  | {
      kind: 'refused';
      code: 'missing_header' | 'malformed_header' | 'too_old' | 'too_new' | 'no_match' | 'other_receiver';
      message: string;
    };

/**
 * Checks the signature of a webhook by Standard Webhooks, strictly: every header once and well-formed, the time within
 * the tolerance, one signature that matches, and a body and an id that belong to this URL. Receivers drop repeats by `id`.
 *
 * Thrown: Error when no key is given, one is malformed, or `url` is no URL.
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
    !/^v\d+[a-z]?,[A-Za-z0-9+/]+={0,2}( v\d+[a-z]?,[A-Za-z0-9+/]+={0,2}){0,15}$/.test(signature)
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
  if (!isGenuine) return refused('no_match', 'No signature matches a given key.');
  if (!isFor(webhook.url, id, body)) {
    return refused('other_receiver', 'The webhook is genuine, and was sent to another URL than the given one.');
  }
  return { kind: 'ok', id, timestamp: seconds };
}

/** The event names its URL, and the id is derived from the URL and the event; both are signed. */
function isFor(url: string, id: string, body: Uint8Array): boolean {
  const event = eventOf(body);
  const { href } = new URL(url);
  return (
    event !== null && URL.parse(event.webhook)?.href === href && webhookIdOf(event.id, hash('sha256', href)) === id
  );
}

function eventOf(body: Uint8Array): { id: string; webhook: string } | null {
  let event: unknown;
  try {
    event = JSON.parse(Buffer.from(body).toString());
  } catch {
    // A body that is no JSON holds no event.
    return null;
  }
  if (typeof event !== 'object' || event === null || !('event_id' in event) || !('webhook' in event)) return null;
  const { event_id: id, webhook } = event;
  return typeof id === 'string' && typeof webhook === 'string' ? { id, webhook } : null;
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
