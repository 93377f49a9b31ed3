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
   * What none of the run's checkpoints is below, as stored with the run, see checkpoint-floor.ts. Default null: not known,
   * so that a rollback reads the whole thread.
   */
  floor?: string | null;
  /** The run's own metadata, for every checkpoint; what LangGraph writes there wins. Default none. */
  metadata?: Record<string, unknown>;
  /**
   * Whether a write counts as done when it is queued, so that the writes of several supersteps share a commit: for runs of
   * durability `async`, which may lose what is under way. `flush` tells whether all were committed. Default false.
   */
  isDeferred?: boolean;
  /**
   * Aborts when the attempt has to stop. Until then outages of the database are waited out, in reads and in writes; from
   * then on they fail what they meet. Default: they are waited out without end.
   */
  signal?: AbortSignal;
  /** Called once, when a write was refused because somebody else owns the run by now. */
  onRefused?: (error: WriteRefused) => void;
  /** Called once, with the first other failure of a write: no later write will land, so the graph must not go on. */
  onFailure?: (error: unknown) => void;
};

/** Why a run cannot go on: the database is away, it does not manage what the run asks, or it refuses a value. */
export type SaverFailure = { kind: 'outage' | 'overrun' | 'refused_value'; error: unknown };
