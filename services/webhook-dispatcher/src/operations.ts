/** What operators ask the ledger of webhooks: this module is the package's entry for them. */
import type { Database } from '@runlane/postgres';
import { createLedgerAudit } from './adapters/postgres/ledger-audit.ts';
import { sql } from './adapters/postgres/statements.ts';
import type { LedgerAudit } from './app/upkeep/watch-ledger.ts';

export { createWebhookLists as openWebhookLists } from './adapters/postgres/operations-reading.ts';
export type {
  DeliverySelection,
  DeliveryState,
  ListedAttempt,
  ListedDelivery,
  ListedTarget,
  QuarantinedRow,
  WebhookLists,
} from './adapters/postgres/operations-reading.ts';
export { createEndpointOperator as openEndpointOperator } from './adapters/postgres/endpoint-operator.ts';
export { createQuarantineOperator as openQuarantineOperator } from './adapters/postgres/quarantine.ts';
export type { QuarantineOperator, QuarantineStanding, QuarantinedPlace } from './adapters/postgres/quarantine.ts';
export type { EndpointOperator, Place } from './app/operators/operate-endpoints.ts';
export { positionsIn as takenPositions } from './adapters/postgres/intake-ledger.ts';
export { createReplayLedger as openReplayLedger } from './adapters/postgres/replay-ledger.ts';
export type { ReplaySelection } from './app/ports.ts';
export { replayDeliveries } from './app/operators/replay-deliveries.ts';
export { DEAD_REASONS } from './domain/delivery.ts';
export type { DeadReason } from './domain/delivery.ts';
export type { PartitionAccount, Watch } from './app/upkeep/watch-ledger.ts';

/** A record of the status topic whose event has a webhook. */
export type WebhookRecord = { eventId: string; partition: number; offset: bigint };

export type WebhookQuestions = LedgerAudit & {
  /** The ids of those events of which the ledger knows nothing. */
  unaccounted(records: readonly WebhookRecord[]): Promise<string[]>;
};

/** Its calls reject with RetryableError while the database is away. */
export function openWebhookAudit(database: Database, owner: { group: string; topic: string }): WebhookQuestions {
  return {
    ...createLedgerAudit(database, owner),
    async unaccounted(records) {
      const rows = await database.query<{ event_id: string }>(sql.selectEventsWithoutDelivery, {
        group_name: owner.group,
        topic: owner.topic,
        event_ids: records.map(({ eventId }) => eventId),
        partitions: records.map(({ partition }) => partition),
        offsets: records.map(({ offset }) => offset),
      });
      return rows.map((row) => row.event_id);
    },
  };
}
