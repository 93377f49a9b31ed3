import type { Database } from '@runlane/postgres';
import type { LedgerAudit, PartitionAccount, Watch } from '../../app/upkeep/watch-ledger.ts';
import { sql } from './statements.ts';

/**
 * Reads the state of the ledger for one consumer group and topic.
 *
 * @param slowDatabase for the audit, which counts every row: its statements may take long. Default: the same
 */
export function createLedgerAudit(
  database: Database,
  { group, topic }: { group: string; topic: string },
  slowDatabase: Database = database,
): LedgerAudit {
  return {
    audit: () => readAccounts(slowDatabase, group, topic),
    watch: () => readWatch(database),
    async deadByReason() {
      const rows = await database.query<{ dead_reason: string; count: bigint }>(sql.countDead);
      return new Map(rows.map((row) => [row.dead_reason, Number(row.count)]));
    },
  };
}

async function readAccounts(database: Database, group: string, topic: string): Promise<PartitionAccount[]> {
  const rows = await database.query<Record<string, bigint | number>>(sql.auditLedger, { group_name: group, topic });
  const number = (row: Record<string, bigint | number>, column: string): number => Number(row[column] ?? 0);
  return rows.map((row) => ({
    partition: number(row, 'partition'),
    position: BigInt(row['position'] ?? -1),
    offsets: number(row, 'offsets'),
    withoutTarget: number(row, 'without_target'),
    repeats: number(row, 'repeats'),
    delivered: number(row, 'delivered'),
    due: number(row, 'due'),
    parked: number(row, 'parked'),
    dead: number(row, 'dead'),
    quarantined: number(row, 'quarantined'),
    pruned: number(row, 'pruned'),
    lost: number(row, 'lost'),
    gap: number(row, 'gap'),
  }));
}

async function readWatch(database: Database): Promise<Watch> {
  const [row] = await database.query<{
    oldest_due_seconds: number | null;
    oldest_served_due_seconds: number | null;
    oldest_lease_seconds: number | null;
    open_breakers: number;
    disabled_endpoints: number;
  }>(sql.watchDeliveries);
  if (row === undefined) throw new Error('watch-deliveries returned no row');
  return {
    oldestDueSeconds: row.oldest_due_seconds ?? 0,
    oldestServedDueSeconds: row.oldest_served_due_seconds ?? 0,
    oldestLeaseSeconds: row.oldest_lease_seconds ?? 0,
    openBreakerCount: row.open_breakers,
    disabledEndpointCount: row.disabled_endpoints,
  };
}
