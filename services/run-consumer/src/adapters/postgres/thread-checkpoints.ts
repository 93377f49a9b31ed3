import { forgetJournal, headWriters, headsWrittenBy, rollBackRuns } from '@runlane/checkpoint/threads';
import type { RunOnThread } from '@runlane/checkpoint/threads';
import type { Pool, PoolClient } from 'pg';

/** What ending and claiming runs needs of LangGraph's tables. Where there is a client, all works in its transaction. */
export type ThreadCheckpoints = {
  /** Makes the threads as if the runs had never been (I8). */
  rollBack(client: PoolClient, runs: readonly RunOnThread[]): Promise<void>;
  /** Lets go of what a rollback of the runs would have needed: they have ended in another way. */
  keep(client: PoolClient, runIds: readonly string[]): Promise<void>;
  /** The head checkpoint of each run's thread by run id, if the run has written it. */
  headsWrittenBy(client: PoolClient, runs: readonly RunOnThread[]): Promise<Map<string, string>>;
  /** Who has written the head checkpoint of each thread: the `run_id` in it, by thread. */
  headWriters(pool: Pool, threadIds: readonly string[]): Promise<Map<string, string>>;
};

/** @param schema of LangGraph's tables */
export function createThreadCheckpoints(schema: string): ThreadCheckpoints {
  return {
    rollBack: (client, runs) => rollBackRuns(client, schema, runs),
    keep: forgetJournal,
    headsWrittenBy: (client, runs) => headsWrittenBy(client, schema, runs),
    headWriters: (pool, threadIds) => headWriters(pool, schema, threadIds),
  };
}
