/**
 * Purpose   A span for each attempt, `invoke_agent <graph>`, under the admission of its run. It is made in the thread that
 *           owns the claim, so that it also has the end of an attempt whose worker is gone.
 * Links     After a long wait the attempt begins a trace of its own with a link to the admission, because a trace that is
 *           open for hours is hard to find. The same holds after a hand-back: each attempt has its own span.
 */
import { ATTRIBUTE, RUNLANE } from '@runlane/service-kit';
import type { Tracing } from '@runlane/service-kit';
import type { GraphRunner } from '../../app/execution/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../domain/run.ts';

/** An attempt is linked if its run was ready for longer than this, in seconds, or if that is unknown. */
export const LINK_AFTER_SECONDS = 60;

/** Runs attempts in spans; what executes within is a child of them. */
export function tracedRunner(tracing: Tracing, runGraph: GraphRunner): GraphRunner {
  return async (run, signals) => {
    const isLong = run.readySeconds === null || run.readySeconds > LINK_AFTER_SECONDS;
    const span = tracing.start(`invoke_agent ${run.graphId}`, {
      ...(isLong ? { link: run.traceparent } : { parent: run.traceparent }),
      attributes: attributesOf(run),
    });
    const outcome = await runGraph({ ...run, traceparent: span.traceparent }, signals);
    span.set(endAttributesOf(outcome));
    const failure = failureOf(outcome);
    if (failure !== null) span.fail(failure);
    span.end();
    return outcome;
  };
}

function attributesOf(run: ClaimedRun) {
  return {
    [ATTRIBUTE.genAiOperation]: 'invoke_agent',
    [ATTRIBUTE.genAiProvider]: 'langgraph',
    [ATTRIBUTE.agentName]: run.graphId,
    [ATTRIBUTE.agentId]: run.assistantId,
    [ATTRIBUTE.conversationId]: run.threadId,
    [RUNLANE.runId]: run.runId,
    [RUNLANE.threadId]: run.threadId,
    [RUNLANE.graphId]: run.graphId,
    [RUNLANE.attempt]: run.attempt,
  };
}

function endAttributesOf({ kind, report }: Outcome) {
  const attempts = report?.usage?.map(({ attempt }) => attempt) ?? [];
  const sum = (key: 'input_tokens' | 'output_tokens') => attempts.reduce((total, counts) => total + counts[key], 0);
  return {
    [RUNLANE.outcome]: kind,
    [ATTRIBUTE.inputTokens]: attempts.length === 0 ? null : sum('input_tokens'),
    [ATTRIBUTE.outputTokens]: attempts.length === 0 ? null : sum('output_tokens'),
  };
}

/** The class of the error; its message may quote what users have sent. */
function failureOf(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'failed':
    case 'handed_back':
      return outcome.error.error;
    case 'timed_out':
    case 'lease_lost':
      return outcome.kind;
    case 'succeeded':
    case 'paused':
    case 'interrupted':
      return null;
  }
}
