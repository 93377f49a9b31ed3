import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { ReplayCursor, ReplayLedger, ReplaySelection } from '../../app/ports.ts';
import { sql } from './statements.ts';

/** The ledger's side of replays. */
export function createReplayLedger(pool: Pool): ReplayLedger {
  return {
    newestId: () =>
      onDatabase(async () => {
        const [row] = await query<{ newest: bigint }>(pool, sql.selectNewestDelivery, []);
        return row?.newest ?? 0n;
      }),
    count: (selection, cursor) =>
      onDatabase(async () => {
        const [row] = await query<{ count: bigint }>(pool, sql.countReplayable, conditionsOf(selection, cursor));
        return row?.count ?? 0n;
      }),
    replayPage: (selection, cursor, limit) =>
      onDatabase(() =>
        withTransaction(pool, async (client) => {
          const found = await query<{ delivery_id: bigint }>(client, sql.selectReplayable, [
            ...conditionsOf(selection, cursor),
            limit,
          ]);
          const ids = found.map((row) => row.delivery_id);
          if (ids.length === 0) return [];
          await query(client, sql.lockEndpointsOfSelection, [ids]);
          const replayed = await query<{ delivery_id: bigint }>(client, sql.replayDeliveries, [ids]);
          const lined = await query<{ url_hash: string }>(client, sql.readyFirstDeliveries, [
            replayed.map((row) => row.delivery_id),
          ]);
          await query(client, sql.lineUpTargets, [lined.map((row) => row.url_hash)]);
          return ids;
        }),
      ),
  };
}

/** The conditions of select-replayable and count-replayable, in the order of their parameters. */
function conditionsOf(selection: ReplaySelection, { afterId, throughId }: ReplayCursor): unknown[] {
  return [
    afterId,
    throughId,
    selection.deliveryIds ?? null,
    selection.runId ?? null,
    selection.origin ?? null,
    selection.from ?? null,
    selection.to ?? null,
    selection.states ?? null,
    selection.deadReasons ?? null,
  ];
}
