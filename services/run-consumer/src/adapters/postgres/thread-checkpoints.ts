import { forgetJournal, headWriters, headsWrittenBy, rollBackRuns } from '@runlane/checkpoint/threads';
import type { RunOnThread } from '@runlane/checkpoint/threads';
import type { Pool, PoolClient } from 'pg';

/** What the ends and claims of runs need from LangGraph's tables. Methods with a client work in its transaction. */
export type ThreadCheckpoints = {
  /** Makes the threads as if the runs had never been (I8). */
  rollBack(client: PoolClient, runs: readonly RunOnThread[]): Promise<void>;
  /** Deletes what a rollback of the runs would have needed, because they ended otherwise. */
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
