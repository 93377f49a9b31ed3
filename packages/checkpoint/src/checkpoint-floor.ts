/**
 * Purpose   Finds a run's checkpoints without reading those that were there before it.
 * Floor     A lower bound for the ids of the run's checkpoints, stored with the run when it is first claimed: LangGraph's ids are
 *           UUIDs of version 6, which sort by time as text, and they are made on the host that claims.
 * I8        The floor holds whatever the clock does: before the saver writes a checkpoint below it, it lowers it.
 */
import { loadSql, query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { Claim } from './claim.ts';

const lowerIfOwned = loadSql(new URL('./sql/lower-checkpoint-floor-if-owned.sql', import.meta.url));

/** 100 ns since 1582-10-15 at the Unix epoch, as the timestamps of UUIDs count. */
const UNIX_EPOCH = 0x01b21dd213814000n;
const VERSION_6 = /^[0-9a-f]{8}-[0-9a-f]{4}-6[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The floor of a run whose first checkpoint is made at this instant or later, in milliseconds since the Unix epoch. */
export function checkpointFloorAt(atMs: number): string {
  const hex = (BigInt(Math.floor(atMs)) * 10_000n + UNIX_EPOCH).toString(16).padStart(15, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-6${hex.slice(12)}-8000-000000000000`;
}

/** When an id of LangGraph's form was made, in milliseconds since the Unix epoch by its host's clock; null for ids of other forms. */
export function idTimeMs(checkpointId: string): number | null {
  if (!VERSION_6.test(checkpointId)) return null;
  const hex = `${checkpointId.slice(0, 8)}${checkpointId.slice(9, 13)}${checkpointId.slice(15, 18)}`;
  return Number((BigInt(`0x${hex}`) - UNIX_EPOCH) / 10_000n);
}

/** The lower floor that a checkpoint needs; null when the floor is low enough. Postgres may sort ids of other forms differently. */
export function floorBelow(floor: string, checkpointId: string): string | null {
  if (!VERSION_6.test(checkpointId)) return floor === '' ? null : '';
  return checkpointId < floor ? checkpointId : null;
}

/** Lowers the floor of a run that is still owned; for any other run nothing will be written. Can be repeated. */
export async function lowerCheckpointFloor(pool: Pool, claim: Claim, floor: string): Promise<void> {
  await query(pool, lowerIfOwned, { run_id: claim.runId, fencing_token: claim.fencingToken, floor });
}
