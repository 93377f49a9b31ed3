/** What the peers of the webhook bench share: a request with both signatures, as the dispatcher sends it. */
import { createSigner, webhookIdOf } from '@runlane/webhooks';
import { Agent, request } from 'undici';

export const MASTER_KEY = 'a-master-key-of-the-bench-0123456789abcdef';

const signer = createSigner([MASTER_KEY]);
// As many connections to an origin as the dispatcher has.
const agent = new Agent({ connections: 4, allowH2: false });

/** An event as a peer needs it. */
export type PeerEvent = { event_id: string; webhook: string };

/** Thrown when it is not answered with 2xx. */
export async function sendSigned({ event_id: eventId, webhook }: PeerEvent, body: Buffer): Promise<number> {
  const content = { id: webhookIdOf(eventId, webhook), timestamp: Math.floor(Date.now() / 1_000), body };
  const { statusCode, body: answer } = await request(webhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...signer.sign(webhook, content) },
    body,
    dispatcher: agent,
  });
  await answer.dump();
  if (statusCode < 200 || statusCode > 299) throw new Error(`The receiver answered ${statusCode}.`);
  return statusCode;
}

/** Runs the work for each of the items, so many at once. */
export async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
