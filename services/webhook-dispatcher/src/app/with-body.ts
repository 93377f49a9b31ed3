import type { Logger } from '@runlane/service-kit';
import type { Attempted } from './attempt-delivery.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeliveryLedger, DueDelivery } from './ports.ts';

export type BodyDependencies = {
  ledger: Pick<DeliveryLedger, 'body'>;
  /** For large bodies, of all attempts of the process. */
  bodyBytes: ByteBudget;
  logger: Logger;
};

/**
 * Attempts a delivery with its body. A large body is read now that the delivery has its slot, and dropped with the attempt,
 * so queues and waiting results hold none. When it cannot be read, nothing was sent, and the delivery is tried again soon.
 */
export async function withBody(
  delivery: DueDelivery,
  signal: AbortSignal,
  needs: BodyDependencies,
  attempt: (body: Uint8Array) => Promise<Attempted>,
): Promise<Attempted> {
  if (delivery.body !== null) return attempt(delivery.body);
  return needs.bodyBytes.within(delivery.bodyBytes, async () => {
    if (signal.aborted) return unsent('The process is stopping.');
    let body: Buffer;
    try {
      body = await needs.ledger.body(delivery.eventId);
    } catch (error) {
      needs.logger.warn({ err: error, delivery_id: String(delivery.deliveryId) }, 'webhook.body_unread');
      return unsent('The body could not be read from the ledger.');
    }
    return attempt(body);
  });
}

function unsent(message: string): Attempted {
  const timings = { totalMs: 0, dnsMs: null, connectMs: null, firstByteMs: null };
  return { result: { kind: 'infrastructure', message, timings, address: null }, attempts: [] };
}
