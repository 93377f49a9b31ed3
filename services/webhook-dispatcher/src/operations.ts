/** What operators ask the ledger of webhooks: this module is the package's entry for them. */
import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import { createLedgerAudit } from './adapters/postgres/ledger-audit.ts';
import { sql } from './adapters/postgres/statements.ts';
import type { LedgerAudit } from './app/watch-ledger.ts';

export { createWebhookLists as openWebhookLists } from './adapters/postgres/operations-reading.ts';
export type {
  DeliverySelection,
  DeliveryState,
  ListedDelivery,
  QuarantinedRow,
  WebhookLists,
} from './adapters/postgres/operations-reading.ts';
export { createEndpointOperator as openEndpointOperator } from './adapters/postgres/endpoint-operator.ts';
export { createQuarantineOperator as openQuarantineOperator } from './adapters/postgres/quarantine.ts';
export type { QuarantineOperator, QuarantineStanding, QuarantinedPlace } from './adapters/postgres/quarantine.ts';
export type { EndpointOperator, Place } from './app/operate-endpoints.ts';
export { createReplayLedger as openReplayLedger } from './adapters/postgres/replay-ledger.ts';
export type { ReplaySelection } from './app/ports.ts';
export { replayDeliveries } from './app/replay-deliveries.ts';
export { DEAD_REASONS } from './domain/delivery.ts';
export type { DeadReason } from './domain/delivery.ts';
export type { PartitionAccount, Watch } from './app/watch-ledger.ts';

/** A record of the status topic whose event has a webhook. */
export type WebhookRecord = { eventId: string; partition: number; offset: bigint };

export type WebhookQuestions = LedgerAudit & {
  /** The ids of those events of which the ledger knows nothing. */
  unaccounted(records: readonly WebhookRecord[]): Promise<string[]>;
};

/** Its calls reject with RetryableError while the database is away. */
export function openWebhookAudit(pool: Pool, owner: { group: string; topic: string }): WebhookQuestions {
  return {
    ...createLedgerAudit(pool, owner),
    async unaccounted(records) {
      const columns = [
        records.map(({ eventId }) => eventId),
        records.map(({ partition }) => partition),
        records.map(({ offset }) => offset),
      ];
      const rows = await onDatabase(() =>
        query<{ event_id: string }>(pool, sql.selectEventsWithoutDelivery, [owner.group, owner.topic, ...columns]),
      );
      return rows.map((row) => row.event_id);
    },
  };
}
