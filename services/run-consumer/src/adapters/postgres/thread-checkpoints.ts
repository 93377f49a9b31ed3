import { headsWrittenBy, rollBackRuns } from '@runlane/checkpoint';
import type { ThreadCheckpoints } from './run-settlements.ts';

/** LangGraph's tables of the schema, as far as settling needs them. */
export function createThreadCheckpoints(schema: string): ThreadCheckpoints {
  return {
    rollBack: (client, runs) => rollBackRuns(client, schema, runs),
    headsWrittenBy: (client, runs) => headsWrittenBy(client, schema, runs),
  };
}
