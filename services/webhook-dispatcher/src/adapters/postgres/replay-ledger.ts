import { query } from '@runlane/postgres';
import type { Database, SqlValues } from '@runlane/postgres';
import type { ReplayCursor, ReplayLedger, ReplaySelection } from '../../app/ports.ts';
import { sql } from './statements.ts';

/** The ledger's side of replays. */
export function createReplayLedger(database: Database): ReplayLedger {
  return {
    async newestId() {
      const [row] = await database.query<{ newest: bigint }>(sql.selectNewestDelivery);
      return row?.newest ?? 0n;
    },
    async count(selection, cursor) {
      const [row] = await database.query<{ count: bigint }>(sql.countReplayable, conditionsOf(selection, cursor));
      return row?.count ?? 0n;
    },
    replayPage: (selection, cursor, limit) =>
      database.transaction(async (client) => {
        const found = await query<{ delivery_id: bigint }>(client, sql.selectReplayable, {
          ...conditionsOf(selection, cursor),
          limit,
        });
        const ids = found.map((row) => row.delivery_id);
        if (ids.length === 0) return [];
        await query(client, sql.lockEndpointsOfSelection, { delivery_ids: ids });
        const replayed = await query<{ delivery_id: bigint }>(client, sql.replayDeliveries, { delivery_ids: ids });
        const lined = await query<{ url_hash: string }>(client, sql.readyFirstDeliveries, {
          delivery_ids: replayed.map((row) => row.delivery_id),
        });
        await query(client, sql.lineUpTargets, { url_hashes: lined.map((row) => row.url_hash) });
        return ids;
      }),
  };
}

/** The conditions of select-replayable and count-replayable. */
function conditionsOf(selection: ReplaySelection, { afterId, throughId }: ReplayCursor): SqlValues {
  return {
    after_id: afterId,
    through_id: throughId,
    delivery_ids: selection.deliveryIds ?? null,
    run_id: selection.runId ?? null,
    origin: selection.origin ?? null,
    from: selection.from ?? null,
    to: selection.to ?? null,
    states: selection.states ?? null,
    dead_reasons: selection.deadReasons ?? null,
  };
}
