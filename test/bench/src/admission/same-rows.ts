import type { Client } from 'pg';

/** What both ledgers must have in common; ids differ, and have the same length. */
const DIGEST = `
  select
    (select count(*) from runlane.threads) as threads,
    (select sum(next_lane_position) from runlane.threads) as lane_positions,
    (select count(*) from runlane.runs) as runs,
    (select count(*) from runlane.runs where ready_at is not null) as ready_runs,
    (select sum(octet_length(request::text) + octet_length(metadata::text)) from runlane.runs) as request_bytes,
    (select count(*) from runlane.outbox) as events
`;

/** Thrown when the two sides did not write the same rows, because their speeds could not be compared. */
export async function checkSameRows(ours: Client, peers: Client): Promise<void> {
  const [a, b] = await Promise.all([digest(ours), digest(peers)]);
  if (a === b) return;
  throw new Error(`The peer does not write what admission writes, so the ratio means nothing: ${a} against ${b}.`);
}

async function digest(database: Client): Promise<string> {
  return JSON.stringify((await database.query(DIGEST)).rows[0]);
}
