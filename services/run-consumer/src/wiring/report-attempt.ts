/** What the metrics and the log tell of an attempt that has ended. */
import type { FailedReason } from '@runlane/contracts';
import { runFields } from '@runlane/service-kit';
import type { ClaimedRun, Outcome, RunError } from '../domain/run.ts';
import { isLastLoss, overLimit } from '../domain/settlement.ts';
import type { Metrics } from '../metrics.ts';
import type { Foundation } from './foundation.ts';

/** Our own names for the reasons for which an attempt goes back; every other error is the database's. */
const HAND_BACK_CAUSES: ReadonlyMap<string, string> = new Map([
  ['WorkerGone', 'worker_gone'],
  ['LeaseLost', 'lease_lost'],
  ['ShuttingDown', 'shutting_down'],
  ['GraphDrained', 'drained'],
  ['UnwrittenEnd', 'unwritten_end'],
]);

const TOKEN_KINDS = {
  input: 'input_tokens',
  output: 'output_tokens',
  cached: 'cached_tokens',
  reasoning: 'reasoning_tokens',
} as const;

/** Why the run fails with this outcome, as in its event; null if it does not fail. */
function failureOf({ attempt }: ClaimedRun, outcome: Outcome): FailedReason | null {
  if (outcome.kind === 'failed') return outcome.reason;
  return isLastLoss(outcome, attempt) ? 'attempts_exhausted' : null;
}

function countAttempt(metrics: Metrics, run: ClaimedRun, outcome: Outcome, durationMs: number | null): void {
  const graph_id = metrics.graphLabel(run.graphId);
  if (durationMs !== null) metrics.attempts.observe({ graph_id, outcome: outcome.kind }, durationMs / 1_000);
  const reason = failureOf(run, outcome);
  if (reason !== null) metrics.failures.inc({ graph_id, reason });
  if (outcome.kind === 'handed_back') {
    metrics.handedBack.inc({
      cause: HAND_BACK_CAUSES.get(outcome.error.error) ?? 'database',
      spent: String(outcome.spendsAttempt),
    });
  }
  for (const { model: name, attempt } of outcome.report?.usage ?? []) {
    const model = metrics.modelLabel(name);
    metrics.modelCalls.inc({ model }, attempt.calls);
    for (const [kind, key] of Object.entries(TOKEN_KINDS)) metrics.modelTokens.inc({ model, kind }, attempt[key]);
  }
}

/**
 * @param durationMs null for an end in place of one that was told before and cannot be written: how long the attempt took
 *   has been counted then
 */
export function reportAttempt(
  { metrics, logger }: Pick<Foundation, 'metrics' | 'logger'>,
  run: ClaimedRun,
  outcome: Outcome,
  durationMs: number | null,
): void {
  countAttempt(metrics, run, outcome, durationMs);
  const reason = failureOf(run, outcome);
  const error = errorOf(outcome);
  // A failed run is one line with all details, at a level that people read.
  logger[levelOf(outcome, reason)](
    {
      ...runFields(run),
      graph_id: run.graphId,
      attempt: run.attempt,
      outcome: outcome.kind,
      ...(durationMs === null ? {} : { duration_ms: Math.round(durationMs) }),
      ...(reason === null ? {} : { reason }),
      ...(error === null ? {} : { error }),
      ...(outcome.kind === 'failed' && outcome.at !== undefined ? { at: outcome.at } : {}),
    },
    'run.attempted',
  );
}

function errorOf(outcome: Outcome): RunError | null {
  if (outcome.kind === 'timed_out') return overLimit(outcome.limitSeconds);
  return 'error' in outcome ? outcome.error : null;
}

function levelOf(outcome: Outcome, reason: FailedReason | null): 'error' | 'warn' | 'info' {
  if (reason !== null || outcome.kind === 'timed_out') return 'error';
  return outcome.kind === 'handed_back' && outcome.spendsAttempt ? 'warn' : 'info';
}
