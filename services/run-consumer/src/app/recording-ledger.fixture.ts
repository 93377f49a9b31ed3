import type { AdmissionPlan } from '../domain/admission-plan.ts';
import type { KnownRun } from '../domain/admission.ts';
import type { StoredAssistant } from '../domain/assistant.ts';
import type { Lane } from '../domain/lane.ts';
import type { Position } from '@runlane/log-ledger';
import type { AdmissionLedger, AdmissionTransaction, Cancelling, WrittenPlan } from './ports.ts';

export type RecordingLedger = AdmissionLedger & {
  /** What happened, oldest first: `begin`, `lock t1`, `write 2 runs`, `position 5`, `keep 3`, `commit`, `rollback`. */
  readonly steps: string[];
  /** Ids of the runs whose transactions were committed. */
  readonly committedRuns: string[];
  /** What each transaction said about the runs that it may end. */
  readonly cancelling: Cancelling[];
};

export type LedgerSetup = {
  position?: Position;
  lanes?: Lane[];
  known?: KnownRun[];
  assistants?: StoredAssistant[];
  /** Graphs of other deployments. */
  servedGraphs?: string[];
  /** What the double reports as the effect of a plan. */
  written?: WrittenPlan;
  /** Called with every plan before it is written; may throw what the database would. */
  onWrite?: (plan: AdmissionPlan) => void;
  /** Called before dead letters are stored; may throw what the database would. */
  onKeep?: () => void;
  /** Called before every commit; may throw what the database would. */
  onCommit?: () => void;
};

/** A ledger that commits and rolls back: positions and runs change only with the commit. */
export function recordingLedger(setup: LedgerSetup = {}): RecordingLedger {
  const steps: string[] = [];
  const committedRuns: string[] = [];
  const cancelling: Cancelling[] = [];
  let position = setup.position ?? { offset: -1n, timestampMs: 0 };
  return {
    steps,
    committedRuns,
    cancelling,
    inTransaction: async (_topic, _partition, work) => {
      steps.push('begin');
      const pending = { position, runs: [] as string[] };
      const transaction: AdmissionTransaction = {
        position,
        lockLanes: (threadIds, asked) => {
          cancelling.push(asked);
          steps.push(`lock ${threadIds.join(',')}`);
          return Promise.resolve((setup.lanes ?? []).filter((lane) => threadIds.includes(lane.threadId)));
        },
        knownRuns: (runIds) => Promise.resolve((setup.known ?? []).filter((run) => runIds.includes(run.runId))),
        assistants: (ids) => {
          steps.push(`assistants ${ids.join(',')}`);
          return Promise.resolve((setup.assistants ?? []).filter(({ assistantId }) => ids.includes(assistantId)));
        },
        servedGraphs: () => {
          steps.push('served graphs');
          return Promise.resolve(setup.servedGraphs ?? []);
        },
        write: async (plan) => {
          setup.onWrite?.(plan);
          steps.push(`write ${plan.runs.length} runs`);
          pending.runs.push(...plan.runs.map((run) => run.runId));
          return setup.written ?? { cancelled: [], readyCount: 0, markedLaneCount: 0 };
        },
        keepDeadLetters: async (records) => {
          steps.push(`keep ${records.map(({ value }) => value?.toString()).join(',')}`);
          setup.onKeep?.();
        },
        movePosition: (moved) => {
          steps.push(`position ${moved.offset}`);
          pending.position = moved;
          return Promise.resolve();
        },
      };
      try {
        const result = await work(transaction);
        setup.onCommit?.();
        position = pending.position;
        committedRuns.push(...pending.runs);
        steps.push('commit');
        return result;
      } catch (error) {
        steps.push('rollback');
        throw error;
      }
    },
  };
}
