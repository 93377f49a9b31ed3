/**
 * What the use cases need from the outside. Every method may reject with RetryableError while the database or the
 * broker is away: nothing was done then, or it is not known whether it was, and the same call may be repeated.
 */
import type { Position } from '@runlane/log-ledger';
import type { SeenLease } from './execution/lease-watch.ts';
import type { CancelAction, RunStatusEvent, SupersededReason } from '@runlane/contracts';
import type { OutRecord } from '@runlane/kafka';
import type { AdmissionPlan } from '../domain/admission-plan.ts';
import type { KnownRun } from '../domain/admission.ts';
import type { StoredAssistant } from '../domain/assistant.ts';
import type { Lane } from '../domain/lane.ts';
import type { Claim, ClaimedRun, HeldClaim, StopRequest } from '../domain/run.ts';
import type { Settlement } from '../domain/settlement.ts';
import type { OutboxEntry } from '../domain/status-event.ts';

/** Threads of which a batch may end runs, and how many of its cancels name single runs. */
export type Cancelling = {
  threadIds: readonly string[];
  singleCount: number;
  /**
   * Those of the threads on which all runs may end, and those of these on which a cancel says so; and how many waiting runs
   * of one are ended at once, so that the lane has to be known as longer or not.
   */
  wholeLanes: { threadIds: readonly string[]; cancelledThreadIds: readonly string[]; endedAtOnce: number };
};

/**
 * What the cancellations of a plan have done, by kind, how many runs became ready by that, and of how many lanes runs are
 * marked to end later.
 */
export type WrittenPlan = { cancelled: CancelledRuns[]; readyCount: number; markedLaneCount: number };

/** Runs that have ended before they started, and running ones that were asked to stop. */
export type CancelledRuns = {
  action: CancelAction;
  reason: SupersededReason;
  endedCount: number;
  askedCount: number;
};

/** One admission transaction. It holds the partition's position, and the threads once they are loaded. */
export interface AdmissionTransaction {
  readonly position: Position;
  /**
   * Locks the threads and returns those that exist. Ids may repeat. Until the transaction ends no run is claimed, and
   * none goes back to pending, on a thread of which the batch may end runs.
   */
  lockLanes(threadIds: readonly string[], cancelling: Cancelling): Promise<Lane[]>;
  /** The runs of the ledger with these ids. */
  knownRuns(runIds: readonly string[]): Promise<KnownRun[]>;
  /** The stored assistants with these ids, in the version that is active now. */
  assistants(assistantIds: readonly string[]): Promise<StoredAssistant[]>;
  /** The graphs that the processes of all deployments have executed in the last days. */
  servedGraphs(): Promise<string[]>;
  write(plan: AdmissionPlan): Promise<WrittenPlan>;
  /** Stores dead letters, in order, to be published after the commit. */
  keepDeadLetters(records: readonly OutRecord[]): Promise<void>;
  movePosition(position: Position): Promise<void>;
}

export interface AdmissionLedger {
  /** Runs `work` in one transaction and commits it; a rejection rolls it back. */
  inTransaction<T>(
    topic: string,
    partition: number,
    work: (transaction: AdmissionTransaction) => Promise<T>,
  ): Promise<T>;
}

export interface RunClaims {
  /**
   * Claims up to `limit` ready runs of its graphs for the executor; none when its lease was taken. Runs that are its own already and
   * not among `known` come along: an earlier claim got them, and its answer was lost.
   */
  claim(executorId: string, limit: number, known: readonly string[]): Promise<ClaimedRun[]>;
  /** The running runs of the executor that were asked to stop. */
  stopRequests(executorId: string): Promise<StopRequest[]>;
}

/** A settlement of a run, valid only for the holder of the token. */
export type OwnedSettlement = Claim & {
  threadId: string;
  /** For lines about it. Default: it has no trace. */
  traceparent?: string | null;
  settlement: Settlement;
};

/** `lost`: somebody else owns the run by now and nothing was written (I3). */
export type SettleResult = 'settled' | 'successor_ready' | 'requeued' | 'lost';

/** `held`: somebody holds the thread; of a batch such a settlement is left out, and alone it waits. */
export type BatchResult = SettleResult | 'held';

export interface RunSettlements {
  /**
   * Settles all in one transaction; results in the order given. A run that was asked to stop ends as it was asked: it is
   * rolled back whatever it ended as, checkpoints included, and it never goes back to pending.
   */
  settle(settlements: readonly OwnedSettlement[]): Promise<BatchResult[]>;
}

export type StrandedRun = Claim & {
  threadId: string;
  graphId: string;
  attempt: number;
  traceparent: string | null;
  /** It was asked to stop: then it has not failed, however often it was tried. */
  isStopping: boolean;
};

export interface StrandedRuns {
  /** The leases of all executors. */
  leases(): Promise<SeenLease[]>;
  /** Ends those of the leases that are not renewed meanwhile, and returns the executors that lost theirs. */
  takeLeases(leases: readonly SeenLease[]): Promise<{ executorId: string; host: string }[]>;
  /** Running runs that no living executor looks after. */
  select(limit: number): Promise<StrandedRun[]>;
}

export interface ExecutorLeases {
  register(executorId: string, host: string, leaseMs: number): Promise<void>;
  /** The claims of the executor whose runs are running, all of them; null when the lease was taken. */
  renew(executorId: string, leaseMs: number): Promise<HeldClaim[] | null>;
  release(executorId: string): Promise<void>;
}

/** Makes one process at a time do what it stands for. */
export interface Lease {
  /** Takes or renews the lease; false while another holder has it. */
  acquire(holder: string, leaseMs: number): Promise<boolean>;
  release(holder: string): Promise<void>;
}

export interface Outbox {
  /**
   * The oldest entries that are not published, in order: at most `limit`, and no more once they have `maxBytes` of JSON.
   * `hasMore`: whether others may be waiting behind them. `without`: threads to leave out.
   */
  unpublished(
    limit: number,
    maxBytes: number,
    without?: readonly string[],
  ): Promise<{ entries: OutboxEntry[]; hasMore: boolean }>;
  /** Marks them where the ledger still has them: in one that went back, another event may have the `outboxId` (I1). */
  markPublished(published: readonly Pick<OutboxEntry, 'outboxId' | 'eventId'>[]): Promise<void>;
}

/**
 * `storedUs`: when, in microseconds since 1970. It tells a dead letter from another one that has its `id` in a ledger that
 * went back.
 */
export type StoredDeadLetter = { id: bigint; storedUs: bigint; record: OutRecord };

/** Dead letters that wait for their topic; `letterCount` counts no further than a limit. Age of the oldest in seconds. */
export type DeadLetterBacklog = { letterCount: number; bytes: number; oldestSeconds: number };

export interface DeadLetterOutbox {
  /**
   * The oldest dead letters that are not published, in order: at most `limit`, and no more once they have `maxBytes`.
   * `hasMore`: whether others may be waiting behind them. `without`: ids to leave out.
   */
  waiting(
    limit: number,
    maxBytes: number,
    without?: readonly bigint[],
  ): Promise<{ letters: StoredDeadLetter[]; hasMore: boolean }>;
  backlog(): Promise<DeadLetterBacklog>;
  /** Deletes those that the broker has, and no other that has the `id` of one in a ledger that went back (I1). */
  forget(letters: readonly Pick<StoredDeadLetter, 'id' | 'storedUs'>[]): Promise<void>;
}

/** Turns a status event into the record that carries it. */
export type EventEncoder = (event: RunStatusEvent, traceparent: string | null) => Promise<OutRecord>;

/** Wakes other processes up; only a hint, which may be lost. */
export interface Hints {
  runsReady(): void;
  eventsStored(): void;
  deadLettersStored(): void;
  /** Running runs were asked to stop. */
  stopsRequested(): void;
  /** Runs of long lanes are to be ended. */
  lanesMarked(): void;
}
