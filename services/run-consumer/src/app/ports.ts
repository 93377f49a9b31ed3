/**
 * What the use cases need from the outside. Every method may reject with RetryableError while the database or the broker is
 * away. Then nothing was done, or it is unknown whether it was; the same call may be repeated.
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

/** Threads on which a batch may end runs, and how many of its cancels name single runs. */
export type Cancelling = {
  threadIds: readonly string[];
  singleCount: number;
  /**
   * The threads on which all runs may end, and those among them on which a cancel says so. Also how many waiting runs of one
   * thread are ended in one transaction: the batch has to know whether the lane is longer.
   */
  wholeLanes: { threadIds: readonly string[]; cancelledThreadIds: readonly string[]; endedAtOnce: number };
};

/**
 * What the cancellations of a plan have done, by kind; how many runs became ready because of them; and in how many lanes
 * runs are marked to end later.
 */
export type WrittenPlan = { cancelled: CancelledRuns[]; readyCount: number; markedLaneCount: number };

/** Runs that ended before they started, and running ones that were asked to stop. */
export type CancelledRuns = {
  action: CancelAction;
  reason: SupersededReason;
  endedCount: number;
  askedCount: number;
};

/** One transaction of admission. It locks the partition's position, and the threads once they are loaded. */
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
   * Claims up to `limit` ready runs of the executor's graphs; none when its lease was taken. The result includes runs that
   * the executor owns already and that are not in `known`: an earlier claim got them, and its answer was lost.
   */
  claim(executorId: string, limit: number, known: readonly string[]): Promise<ClaimedRun[]>;
  /** The running runs of the executor that were asked to stop. */
  stopRequests(executorId: string): Promise<StopRequest[]>;
}

/** A settlement of a run, valid only for the holder of the token. */
export type OwnedSettlement = Claim & {
  threadId: string;
  settlement: Settlement;
};

/** A settlement, and what log lines say of its attempt. */
export type AttemptSettlement = OwnedSettlement & { graphId: string; attempt: number; traceparent: string | null };

/** `lost`: somebody else owns the run by now and nothing was written (I3). */
export type SettleResult = 'settled' | 'successor_ready' | 'requeued' | 'lost';

/** `held`: somebody holds the thread. Such a settlement is left out of a batch; a single one waits. */
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
  /** The run was asked to stop. Then it has not failed, however often it was tried. */
  isStopping: boolean;
};

export interface StrandedRuns {
  /** The leases of all executors. */
  leases(): Promise<SeenLease[]>;
  /** Ends the given leases, except those that were renewed in between, and returns the executors that lost theirs. */
  takeLeases(leases: readonly SeenLease[]): Promise<{ executorId: string; host: string }[]>;
  /** Running runs without a living executor. */
  select(limit: number): Promise<StrandedRun[]>;
}

/** What a process that executes runs says of itself to those who look at the deployment. */
export type ExecutorDescription = { host: string; version: string; graphIds: readonly string[] };

/** What a renewal of a lease answers: the claims whose runs are running, and the database's clock in milliseconds since 1970. */
export type Renewal = { held: HeldClaim[]; databaseMs: number };

export interface ExecutorLeases {
  register(executorId: string, description: ExecutorDescription, leaseMs: number): Promise<void>;
  /** All claims of the executor; null when the lease was taken. */
  renew(executorId: string, leaseMs: number): Promise<Renewal | null>;
  release(executorId: string): Promise<void>;
}

/** A lease that one process at a time holds for one kind of work. */
export interface Lease {
  /** Takes or renews the lease; false while another holder has it. */
  acquire(holder: string, leaseMs: number): Promise<boolean>;
  release(holder: string): Promise<void>;
}

export interface Outbox {
  /**
   * The oldest entries that are not published, in order: at most `limit`, and no more once they have `maxBytes` of JSON.
   * `hasMore`: whether more may be waiting. `without`: threads to leave out.
   */
  unpublished(
    limit: number,
    maxBytes: number,
    without?: readonly string[],
  ): Promise<{ entries: OutboxEntry[]; hasMore: boolean }>;
  /** Marks the events that the ledger still has. In a ledger that was put back, another event may have the `outboxId` (I1). */
  markPublished(published: readonly Pick<OutboxEntry, 'outboxId' | 'eventId'>[]): Promise<void>;
}

/**
 * `storedUs`: when it was stored, in microseconds since 1970. It distinguishes a dead letter from another one with the same
 * `id` in a ledger that was put back.
 */
export type StoredDeadLetter = { id: bigint; storedUs: bigint; record: OutRecord };

/** Dead letters that wait for their topic; `letterCount` stops at a limit. The age of the oldest is in seconds. */
export type DeadLetterBacklog = { letterCount: number; bytes: number; oldestSeconds: number };

export interface DeadLetterOutbox {
  /**
   * The oldest dead letters that are not published, in order: at most `limit`, and no more once they have `maxBytes`.
   * `hasMore`: whether more may be waiting. `without`: ids to leave out.
   */
  waiting(
    limit: number,
    maxBytes: number,
    without?: readonly bigint[],
  ): Promise<{ letters: StoredDeadLetter[]; hasMore: boolean }>;
  backlog(): Promise<DeadLetterBacklog>;
  /** Deletes the dead letters that the broker has, and none that has the same `id` in a ledger that was put back (I1). */
  forget(letters: readonly Pick<StoredDeadLetter, 'id' | 'storedUs'>[]): Promise<void>;
}

/** Turns a status event into the record that carries it. */
export type EventEncoder = (event: RunStatusEvent, traceparent: string | null) => Promise<OutRecord>;

/** Wakes other processes; only a hint, which may be lost. */
export interface Hints {
  runsReady(): void;
  eventsStored(): void;
  deadLettersStored(): void;
  /** Running runs were asked to stop. */
  stopsRequested(): void;
  /** Runs of long lanes are to be ended. */
  lanesMarked(): void;
}
