import { verifyWebhook as verify } from '@runlane/webhooks';
import type { ReceivedWebhook, Verification } from '@runlane/webhooks';

/** A webhook as a receiver has it: headers of Node or of `fetch`, the bytes or the text of the body, and the trusted keys. */
export type IncomingWebhook = Omit<ReceivedWebhook, 'headers' | 'body' | 'now'> & {
  headers: ReceivedWebhook['headers'] | Headers;
  /** As it came: a body that was parsed and written again does not verify. */
  body: Uint8Array | string;
  /** Unix time of the receiver, in seconds. Default: now. */
  now?: number;
};

/**
 * Checks that a webhook is genuine, by Standard Webhooks, and was sent to `url`: with the secret of the URL's origin (`whsec_…`) or
 * the public key (`whpk_…`). Drop repeats by the `id` of the verdict.
 *
 * Thrown: Error when no key is given, one is malformed, or `url` is no URL.
 */
export function verifyWebhook({ headers, body, now, ...keys }: IncomingWebhook): Verification {
  return verify({
    ...keys,
    headers: headers instanceof Headers ? Object.fromEntries(headers) : headers,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    now: now ?? Math.floor(Date.now() / 1000),
  });
}
