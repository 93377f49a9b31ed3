import { Wakeup } from '@runlane/service-kit';
import type { HeldClaim, Outcome } from '../../domain/run.ts';
import { RunExecutor } from './execute-runs.ts';
import type { ExecuteSettings, GraphRunner } from './execute-runs.ts';
import { ExecutorLease } from './hold-executor-lease.ts';
import type { RunClaims } from '../ports.ts';
import {
  DESCRIPTION,
  openCalls,
  recordingHints,
  recordingLeases,
  recordingLog,
  recordingSettlements,
} from '../recording-ports.fixture.ts';
import type { Answer, LeaseOverrides } from '../recording-ports.fixture.ts';
import { SettleQueue } from './settle-runs.ts';

export const SUCCEEDED: Outcome = {
  kind: 'succeeded',
  head: { checkpointId: null, next: [], interrupts: [], values: {} },
  nothingToContinue: false,
};
export const FAILED: Extract<Outcome, { kind: 'failed' }> = {
  kind: 'failed',
  reason: 'graph_error',
  error: { error: 'AbortError', message: 'Aborted' },
  head: null,
};

type Setup = {
  claims: RunClaims;
  leases?: LeaseOverrides;
  /** Whether the host allows claims. Default: always. */
  mayClaim?: () => boolean;
  settings?: Partial<ExecuteSettings>;
  answer?: Answer;
  /** Whether graphs begin to execute immediately. Default true. */
  begins?: boolean;
};

/** An executor whose graphs run until the test ends them; `graphs` are those that were started, oldest first. */
export function startExecutor({ claims, leases, settings, answer, mayClaim = () => true, begins = true }: Setup) {
  const { call: runGraph, open: graphs } = openCalls<Parameters<GraphRunner>, Outcome>();
  const settlements = recordingSettlements(answer);
  const hints = recordingHints();
  const log = recordingLog();
  const intake = new AbortController();
  const ended: { runId: string; outcome: Outcome; durationMs: number | null }[] = [];
  let count = 0;
  const [ready, stops] = [new Wakeup(), new Wakeup()];
  // The ledger remembers every claim that it has answered, unless the test says otherwise.
  const claimed: HeldClaim[] = [];
  const remembering: RunClaims = {
    ...claims,
    claim: async (...args) => {
      const runs = await claims.claim(...args);
      claimed.push(...runs.map(({ runId, fencingToken }) => ({ runId, fencingToken, stop: null })));
      return runs;
    },
  };
  const lease = new ExecutorLease({
    leases: recordingLeases({ renew: () => Promise.resolve([...claimed]), ...leases }),
    newExecutorId: () => `e${++count}`,
    description: DESCRIPTION,
    leaseMs: 3_000,
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    onClock: () => undefined,
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onLost: (reason) => executor.abortAll(reason),
    onHeldUntil: () => undefined,
    onHeld: () => ready.notify(),
    onRenewing: () => executor.watchClaims(),
    logger: log.logger,
  });
  const executor = new RunExecutor({
    claims: remembering,
    settle: new SettleQueue({
      settlements,
      delay: () => Promise.resolve(),
      random: () => 1,
      logger: log.logger,
    }),
    lease,
    mayClaim,
    runGraph: (run, signals) => {
      if (begins) signals.began?.();
      return runGraph(run, signals);
    },
    hints,
    ready,
    stops,
    onClaimed: () => undefined,
    onAttempt: ({ runId }, outcome, durationMs) => ended.push({ runId, outcome, durationMs }),
    monotonicMs: () => performance.now(),
    logger: log.logger,
    settings: { maxConcurrentRuns: 2, runTimeoutSeconds: 0, valuesMaxBytes: 1_000, pollMs: 1_000, ...settings },
  });
  void lease.holdUntil(new AbortController().signal);
  const claiming = executor.claimUntil(intake.signal);
  void executor.heedStopsUntil(new AbortController().signal);
  const settled = () =>
    settlements.transactions.flat().map(({ runId, fencingToken, settlement }) => ({
      runId,
      fencingToken,
      as: settlement.kind === 'end' ? settlement.type : settlement.kind,
      ...(settlement.kind === 'requeue' ? { spendsAttempt: settlement.spendsAttempt } : {}),
    }));
  const started = () => graphs.map(({ args: [run] }) => run.runId);
  const reasonOf = (index: number): unknown => graphs[index]?.args[1].abort.reason;
  return {
    executor,
    lease,
    intake,
    claiming,
    graphs,
    started,
    reasonOf,
    settled,
    settlements: () => settlements.transactions.flat().map(({ settlement }) => settlement),
    hints,
    /** What was told of attempts that have ended. */
    ended,
    messages: log.messages,
    ready,
    stops,
  };
}
