/** What admission does to the ledger for one batch. */
import type {
  CancelAction,
  JsonObject,
  RecordCoordinates,
  RejectedReason,
  RunCreate,
  SupersededReason,
  ThreadStatus,
} from '@runlane/contracts';
import type { Lane } from './lane.ts';
import type { LaneMark } from './lane-mark.ts';

/** A run that admission puts into the ledger, with its first event. */
export type AdmittedRun = Admitted &
  (
    | {
        status: 'pending';
        /** Null until a scheduled run joins. */
        lanePosition: bigint | null;
        /** For a scheduled run its place among the positions of the lane, so that a mark may hit it; null for all others. */
        admissionPosition: bigint | null;
        isReady: boolean;
        isTemporary: boolean;
        /** Seconds until a scheduled run joins its lane; null for all others. */
        delaySeconds: number | null;
        /** Thread status in the event; null where there is no thread. */
        threadStatus: ThreadStatus | null;
      }
    | {
        status: 'rejected';
        reason: RejectedReason;
        message: string;
        /** The status that the thread had, with the reason `thread_status`; otherwise null. */
        seen: ThreadStatus | null;
        blockedBy: string | null;
        threadStatus: ThreadStatus | null;
      }
  );

export type RejectedRun = Extract<AdmittedRun, { status: 'rejected' }>;

/** What accepted and rejected runs have in common. */
export type Admitted = {
  /** Place of its request in the batch, from 0: events of a thread are stored in this order. */
  ordinal: number;
  runId: string;
  threadId: string;
  assistantId: string;
  graphId: string | null;
  /** The request as it executes; an accepted run has the assistant's config and context merged under its own. */
  request: RunCreate;
  /** `config.configurable` of the request as it was sent; null without one. */
  ownConfigurable: JsonObject | null;
  /** The same of its assistant. */
  assistantConfigurable: JsonObject | null;
  /** Of the request as it was sent. */
  fingerprint: string;
  /** The assistant's and the request's. */
  metadata: JsonObject;
  traceparent: string | null;
  coordinates: RecordCoordinates;
};

/**
 * Ends runs that wait or are scheduled, and asks running ones to stop. A run that an earlier cancellation has hit stays as
 * that left it.
 */
export type Cancellation = {
  /** Place of its request in the batch; its events come after the one of a run with the same place. */
  ordinal: number;
  threadId: string;
  /** One run of the ledger or of this batch; null: every run that the ledger had on the thread before this batch. */
  runId: string | null;
  action: CancelAction;
  reason: SupersededReason;
  supersededBy: string | null;
  /** Status of the thread afterwards. */
  threadStatus: ThreadStatus;
  /** When `runId` is null, runs of the batch's partition from this offset on are spared. Null spares none. */
  beforeOffset: bigint | null;
  /**
   * When `runId` is null and the lane is long: which runs end in this transaction, and which are left for later. Null: all
   * end now.
   */
  mark: LaneMark | null;
};

/** What a batch does to the ledger, and which of its records do nothing. */
export type AdmissionPlan = {
  /** In log order. */
  runs: AdmittedRun[];
  /** In log order. */
  cancellations: Cancellation[];
  /** Threads that a run was accepted on. */
  lanes: Lane[];
  /** Requests that had been admitted before. */
  repeatCount: number;
  /** Cancels for runs that do not exist. */
  unknownRuns: { coordinates: RecordCoordinates; message: string }[];
};
