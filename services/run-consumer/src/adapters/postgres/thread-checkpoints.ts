import { forgetJournal, headsWrittenBy, rollBackRuns } from '@runlane/checkpoint';
import type { RunOnThread } from '@runlane/checkpoint';
import type { PoolClient } from 'pg';

/** What ending runs needs of LangGraph's tables. Everything works in the transaction of the client. */
export type ThreadCheckpoints = {
  /** Makes the threads as if the runs had never been (I8). */
  rollBack(client: PoolClient, runs: readonly RunOnThread[]): Promise<void>;
  /** Lets go of what a rollback of the runs would have needed: they have ended in another way. */
  keep(client: PoolClient, runIds: readonly string[]): Promise<void>;
  /** The head checkpoint of each run's thread by run id, if the run has written it. */
  headsWrittenBy(client: PoolClient, runs: readonly RunOnThread[]): Promise<Map<string, string>>;
};

/** @param schema of LangGraph's tables */
export function createThreadCheckpoints(schema: string): ThreadCheckpoints {
  return {
    rollBack: (client, runs) => rollBackRuns(client, schema, runs),
    keep: forgetJournal,
    headsWrittenBy: (client, runs) => headsWrittenBy(client, schema, runs),
  };
}
