import type { Pool } from 'pg';
import type { Claim, WriteRefused } from './claim.ts';
import type { GroupCommit } from './group-commit.ts';

export type RunSaverOptions = {
  /** For reading. */
  pool: Pool;
  /** Schema of LangGraph's tables. */
  schema: string;
  /** For writing, shared by the runs of a process. */
  commits: GroupCommit;
  /** The run that writes. */
  claim: Claim;
  /** The run's thread: a write to the state of another one is refused, see place.ts. Default: any thread, for tests. */
  threadId?: string;
  /**
   * The lower bound of the run's checkpoint ids, as stored with the run (checkpoint-floor.ts). Default null: unknown, so
   * that a rollback reads the whole thread.
   */
  floor?: string | null;
  /** The run's own metadata, for every checkpoint; what LangGraph writes there wins. Default none. */
  metadata?: Record<string, unknown>;
  /**
   * Whether a write counts as done when it is queued, so that the writes of several supersteps share a commit: for runs of
   * durability `async`, which may lose pending writes. `flush` reports whether all were committed. Default false.
   */
  isDeferred?: boolean;
  /**
   * Aborts when the attempt has to stop. Until then reads and writes wait out an outage of the database; after that they
   * fail with it. Default: they wait without end.
   */
  signal?: AbortSignal;
  /** Called once, when a write was refused because somebody else owns the run by now. */
  onRefused?: (error: WriteRefused) => void;
  /**
   * Called when the thread has a checkpoint that this host's clock has not reached, with the milliseconds that it is behind:
   * the attempt waits for them (checkpoint-clock.ts).
   */
  onClockBehind?: (ms: number) => void;
  /** Whether the wall clock of this host is not to be trusted: then nothing is written. Default: never. */
  isClockWrong?: () => boolean;
  /** Called once, with the first other failure of a write: no later write will land, so the graph must not go on. */
  onFailure?: (error: unknown) => void;
};

/** Why a run cannot go on: the database is away, the run asks too much of it, it refuses a value, or the clock is wrong. */
export type SaverFailure = { kind: 'outage' | 'overrun' | 'refused_value' | 'clock'; error: unknown };
