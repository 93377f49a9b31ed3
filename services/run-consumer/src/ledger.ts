/** What others may read of run-consumer's ledger: this module is the package's entry for operators' questions. */
import type { Database } from '@runlane/postgres';
import { createCheckpointReading } from './adapters/langgraph/attempt/checkpoint-reading.ts';
import { createRunReading } from './adapters/postgres/reading/run-reading.ts';
import { createThreadReading } from './adapters/postgres/reading/thread-reading.ts';
import { readRuns } from './app/read-runs.ts';
import type { RunReader } from './app/read-runs.ts';
import type { ThreadReader } from './app/read-threads.ts';

export { CHECKPOINT_TABLES } from '@runlane/checkpoint/schema';
export type {
  EndedPage,
  EndedPlace,
  ListedRun,
  RunReader,
  RunSelection,
  ShownRun,
  StoredEvent,
} from './app/read-runs.ts';
export type {
  CheckpointRow,
  FoundThread,
  LanePage,
  LaneRow,
  LaneSelection,
  MetadataPair,
  PausedThread,
  SearchPage,
  ShownState,
  ShownThread,
  StoredQuestion,
  ThreadReader,
  ThreadRow,
} from './app/read-threads.ts';
export { createDeploymentReading as openDeployment } from './adapters/postgres/reading/deployment-reading.ts';
export { positionsIn as admittedPositions } from './adapters/postgres/admission-ledger.ts';
export type { LedgerBacklog } from './app/watch-backlog.ts';
export type {
  DeploymentReading,
  DeploymentStanding,
  ExecutorRow,
} from './adapters/postgres/reading/deployment-reading.ts';
export type { Waiting } from './domain/waiting.ts';

/** The runs in a migrated database. Its calls reject with RetryableError while the database is away. */
export function openRuns(database: Database): RunReader {
  return readRuns(createRunReading(database));
}

/**
 * The threads in a migrated database, and their checkpoints.
 *
 * @param schema of LangGraph's tables
 */
export function openThreads(database: Database, schema: string): ThreadReader {
  return { ...createThreadReading(database), ...createCheckpointReading(database, schema) };
}
