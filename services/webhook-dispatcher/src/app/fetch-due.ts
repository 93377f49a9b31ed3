import type { Logger } from '@runlane/service-kit';
import { RetryableError } from '@runlane/service-kit';
import type { HeldEndpoint } from './held-endpoint.ts';
import type { Wanting } from './held-targets.ts';
import type { DeliveryLedger, DueTarget } from './ports.ts';

/** An endpoint, and what a fetch shall return for it. */
export type HeldWanting = { held: HeldEndpoint; wanted: Wanting };

export type FetchDependencies = {
  ledger: Pick<DeliveryLedger, 'due'>;
  /** The database's clock, in milliseconds since 1970. */
  nowMs: () => number;
  logger: Logger;
};

const UNFETCHABLE_REST_MS = 30_000;

/**
 * What is due at the endpoints. One that cannot be fetched rests, and affects no other (I10).
 *
 * Thrown: RetryableError while the database is away.
 */
export async function fetchDue(wanting: readonly HeldWanting[], needs: FetchDependencies): Promise<DueTarget[]> {
  if (wanting.length === 0) return [];
  try {
    return await needs.ledger.due(
      wanting.map(({ held: { endpointId }, wanted }) => ({ endpointId, ...wanted })),
      wanting.flatMap(({ held }) => held.busyIds),
      wanting.flatMap(({ wanted }) => wanted.without),
    );
  } catch (error) {
    if (error instanceof RetryableError) throw error;
    const [only] = wanting;
    if (wanting.length > 1 || only === undefined) {
      // One of them fails the query, and the others shall not wait for it.
      const found: DueTarget[] = [];
      for (const one of wanting) found.push(...(await fetchDue([one], needs)));
      return found;
    }
    needs.logger.error({ err: error, origin: only.held.origin }, 'delivery.endpoint_unfetchable');
    only.held.rest(needs.nowMs() + UNFETCHABLE_REST_MS);
    return [];
  }
}
