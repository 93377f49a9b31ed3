import { TERMINAL_EVENT_TYPES } from '@runlane/contracts';
import type { Client } from 'pg';

/** When a run was published: by `performance.now()` and as milliseconds since the epoch. */
export type Published = { runId: string; atMs: number; atEpochMs: number };

export type Stage = { name: string; ms: number[] };

const EVENT_TIMES = `
  select
    run_id,
    max(extract(epoch from occurred_at)) filter (where type = 'run.pending') * 1000 as admitted_ms,
    max(extract(epoch from occurred_at)) filter (where type = 'run.running') * 1000 as claimed_ms,
    max(extract(epoch from occurred_at)) filter (where type = any ($2)) * 1000 as settled_ms
  from runlane.outbox
  where run_id = any ($1)
  group by run_id
`;

/**
 * Where the time between publishing and the terminal event went, run by run.
 *
 * @param latenciesMs whole times of the runs, in the order of `published`
 */
export async function stagesOf(
  database: Client,
  published: readonly Published[],
  latenciesMs: readonly number[],
): Promise<Stage[]> {
  const { rows } = await database.query<{
    run_id: string;
    admitted_ms: string;
    claimed_ms: string;
    settled_ms: string;
  }>(EVENT_TIMES, [published.map(({ runId }) => runId), TERMINAL_EVENT_TYPES]);
  const byRun = new Map(rows.map((row) => [row.run_id, row]));
  const stages = published.map(({ runId, atEpochMs }, index) => {
    const row = byRun.get(runId);
    if (row === undefined) throw new Error(`Run ${runId} has no events in the outbox.`);
    const [admittedMs, claimedMs, settledMs] = [row.admitted_ms, row.claimed_ms, row.settled_ms].map(Number);
    if (admittedMs === undefined || claimedMs === undefined || settledMs === undefined) {
      throw new Error(`Run ${runId} lacks an event.`);
    }
    return [
      admittedMs - atEpochMs,
      claimedMs - admittedMs,
      settledMs - claimedMs,
      atEpochMs + (latenciesMs[index] ?? Number.NaN) - settledMs,
    ];
  });
  return ['published → admitted', 'admitted → claimed', 'claimed → settled', 'settled → seen'].map((name, stage) => ({
    name,
    ms: stages.map((times) => times[stage] ?? Number.NaN),
  }));
}
