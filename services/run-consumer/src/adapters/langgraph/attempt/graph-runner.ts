/**
 * Purpose   Runs one attempt of a graph in this process and says how it ended.
 * I3        A write that was refused, because somebody else owns the run by now, aborts the graph and settles nothing.
 * I9        The outcome is given after the saver has stopped and, when the run was aborted, after its nodes have ended:
 *           LangGraph returns from an aborted graph immediately, while its nodes still execute.
 * Failures  The graph's own errors end the run; an outage of the database hands it back. The call rejects in neither case.
 */
import { GraphDrained } from '@langchain/langgraph';
import type { BaseStore } from '@langchain/langgraph-checkpoint';
import type { RunSaver, RunSaverOptions } from '@runlane/checkpoint';
import { Cancelled, LeaseLost, Superseded } from '../../../domain/abort-reasons.ts';
import { runFields } from '@runlane/service-kit';
import type { Logger, Tracing } from '@runlane/service-kit';
import type { GraphRunner, RunSignals } from '../../../app/execution/execute-runs.ts';
import type { AttemptReport, ClaimedRun, HeadState, Outcome } from '../../../domain/run.ts';
import { describeError } from './describe-error.ts';
import { GraphNotLoadable } from '../graphs/graph-registry.ts';
import type { GraphRegistry } from '../graphs/graph-registry.ts';
import { graphSpans } from './graph-spans.ts';
import type { GraphSpans } from './graph-spans.ts';
import { StreamEnding, outputOf } from './follow-ending.ts';
import { sendClassOf } from '../project/langgraph-copy.ts';
import { asBorrower } from '../graphs/lent-parts.ts';
import { NodeWatch } from '../graphs/node-watch.ts';
import { attemptMetadata } from './attempt-metadata.ts';
import { planStart } from './plan-start.ts';
import { checkpointConfig, runOptions } from './run-options.ts';
import { inRun } from './run-scope.ts';
import { SuperstepGate } from '../graphs/superstep-gate.ts';
import { ownFrameOf, tellFailure } from './tell-failure.ts';
import { readState } from './thread-state.ts';
import type { ThreadState } from './thread-state.ts';
import { UsageMeter, metered } from '../graphs/usage-meter.ts';
import { waitingForStore } from '../store/waiting-store.ts';
import { toWire } from './wire-values.ts';
import { WorkflowTasks } from '../graphs/workflow-task.ts';

export type RunnerDependencies = {
  graphs: GraphRegistry;
  /** The saver of one attempt. */
  newSaver: (run: ClaimedRun, ties: SaverTies) => RunSaver;
  /** Asked before each superstep; false ends the attempt there. Default: always true. */
  mayBegin?: () => boolean;
  store: BaseStore;
  /** Longest stack that a failed run's event has, in characters. Default: 0, none. */
  stackLength?: number;
  /** Null: nothing is traced. Default. */
  tracing?: Tracing | null;
  logger: Logger;
};

/** What connects a saver with its attempt: each stops the other. */
export type SaverTies = Required<Pick<RunSaverOptions, 'signal' | 'onRefused' | 'onFailure' | 'onClockBehind'>>;

type AttemptParts = {
  saver: RunSaver | null;
  nodes: NodeWatch;
  opened: AsyncDisposableStack;
  meter: UsageMeter;
  spans: GraphSpans | null;
  /** Filled in as soon as it is known, because an attempt may throw. */
  report: AttemptReport;
};

export function createGraphRunner(needs: RunnerDependencies): GraphRunner {
  return async (run, signals) => {
    const stopped = new AbortController();
    const abort = AbortSignal.any([signals.abort, stopped.signal]);
    // As for a superstep: a run without a checkpointer may instead end within the grace.
    const tasks = new WorkflowTasks(
      // An aborted workflow begins no task in any case, and has to end.
      () => run.isTemporary || signals.abort.aborted || !signals.drain.aborted,
      () => stopped.abort(new GraphDrained('the executor stops')),
    );
    const nodes = new NodeWatch(tasks);
    const ties: SaverTies = {
      signal: abort,
      onRefused: () => stopped.abort(new LeaseLost(`run ${run.runId}`)),
      onFailure: (error) => stopped.abort(error),
      onClockBehind: (ms) => needs.logger.warn({ ...runFields(run), behind_ms: ms }, 'run.waits_for_clock'),
    };
    const saver = run.isTemporary ? null : needs.newSaver(run, ties);
    const meter = new UsageMeter();
    const tracing = needs.tracing ?? null;
    const spans = graphSpans(tracing, run);
    const report: AttemptReport = { usage: null, abandonedInterrupts: [] };
    const told = (outcome: Outcome): Outcome => {
      const { usage } = meter;
      const isEmpty = usage === null && report.abandonedInterrupts.length === 0;
      return isEmpty ? outcome : { ...outcome, report: { ...report, usage } };
    };
    const opened = new AsyncDisposableStack();
    try {
      const execute = () => attempt(run, { ...signals, abort }, { saver, nodes, opened, meter, spans, report }, needs);
      const metering = () => metered(meter, () => waitingForStore(abort, execute));
      const tracked = () => inRun(run, () => nodes.during(() => asBorrower(metering)));
      return told(await (spans === null || tracing === null ? tracked() : tracing.within(run.traceparent, tracked)));
    } catch (error) {
      const outcome = failureOutcome(error, saver, false, needs.stackLength);
      if (outcome.kind === 'failed' && !abort.aborted) inRun(run, () => tellFailure(error, needs.logger));
      return told(outcome);
    } finally {
      spans?.close();
      await saver?.quiesce();
      // If the graph does not end, the code that aborted the run ends its worker thread; if the saver cannot write, the time
      // limit ends it.
      if (signals.abort.aborted || (saver?.failure ?? null) !== null) await nodes.ended();
      // Not awaited, so that a project's slow or endless clean-up delays no outcome.
      inRun(run, () => opened.disposeAsync()).catch((error: unknown) =>
        needs.logger.warn({ err: error, ...runFields(run), graph_id: run.graphId }, 'graph.not_closed'),
      );
    }
  };
}

async function attempt(
  run: ClaimedRun,
  signals: RunSignals,
  { saver, nodes, opened, meter, spans, report }: AttemptParts,
  needs: RunnerDependencies,
): Promise<Outcome> {
  const control = new SuperstepGate(() => (needs.mayBegin?.() ?? true) && (saver?.mayGoOn ?? true));
  // Without a checkpointer a drained run would start over, so it may instead end within the grace.
  if (saver !== null) drainOn(signals.drain, control);
  const stop = { signal: signals.abort, control };
  const config = runOptions(run, stop, null);
  const graph = await needs.graphs.instantiate(run.graphId, config, saver, needs.store, opened);
  const plan = await planStart(run, graph, saver, async ({ node, input }) => {
    const ProjectSend = await sendClassOf(graph, needs.graphs.fileOf(run.graphId));
    return new ProjectSend(node, input);
  });
  if ('earlier' in plan) {
    report.abandonedInterrupts = plan.earlier.abandonedInterrupts;
    meter.continueFrom(plan.earlier.usage);
    saver?.tellInMetadata(() => attemptMetadata(report.abandonedInterrupts, meter));
  }
  switch (plan.kind) {
    case 'refused':
      return { kind: 'failed', reason: plan.reason, error: { error: plan.reason, message: plan.message }, head: null };
    case 'not_its_turn':
      return plan.outcome;
    case 'paused':
      return { kind: 'paused', head: headOf(outputOf(plan.state, graph)) };
    case 'nothing_to_continue':
      return { kind: 'succeeded', head: headOf(outputOf(plan.state, graph)), nothingToContinue: true };
    case 'invoke':
      break;
  }
  const ending = new StreamEnding(run, graph, saver);
  try {
    // LangGraph would otherwise still write the input.
    if (keepsState(signals.abort)) throw signals.abort.reason;
    const stream = await graph.stream(plan.input, {
      ...runOptions(run, stop, plan.fromCheckpoint),
      ...ending.streamOptions,
      ...(spans === null ? {} : { callbacks: [spans] }),
    });
    for await (const chunk of stream) ending.see(chunk);
    await saver?.flush();
  } catch (error) {
    const isStopped = keepsState(signals.abort);
    if (isStopped && saver !== null) {
      // Its finished supersteps are kept. From here on its writes are refused, so that the head that is read below does not change.
      await nodes.ended();
      await saver.settle();
    }
    // A run that is handed back between supersteps has its writes stored, after an outage too.
    if (control.hasStopped) await saver?.settle();
    // Only when the pending writes have ended is it known whether the database was away or the run was lost.
    await saver?.quiesce();
    const reason: unknown = signals.abort.reason;
    const cause = reason instanceof GraphDrained ? reason : error;
    const outcome = failureOutcome(cause, saver, control.hasStopped, needs.stackLength);
    const isRefusedValue = saver?.failure?.kind === 'refused_value';
    if (outcome.kind !== 'failed' || (signals.abort.aborted && !isStopped && !isRefusedValue)) return outcome;
    if (!isStopped) tellFailure(cause, needs.logger);
    if (saver === null) return { ...outcome, head: ending.state === null ? null : headOf(ending.state) };
    try {
      const state = await readState(graph, checkpointConfig(run));
      return { ...outcome, head: headOf(isStopped ? ending.withWrittenValues(state) : ending.withValues(state)) };
    } catch (second) {
      // It must not hide the first error: a graph may have stored what cannot be read back.
      needs.logger.warn({ err: second, ...runFields(run), graph_id: run.graphId }, 'run.head_not_read');
      return outcome;
    }
  }
  const head = headOf(ending.state ?? ending.withValues(await readState(graph, checkpointConfig(run))));
  return head.next.length > 0 ? { kind: 'paused', head } : { kind: 'succeeded', head, nothingToContinue: false };
}

/** Whether the run was asked to stop where it is. Then its event has the state that it leaves. */
function keepsState(abort: AbortSignal): boolean {
  const reason: unknown = abort.reason;
  return (reason instanceof Superseded || reason instanceof Cancelled) && reason.action === 'interrupt';
}

function drainOn(signal: AbortSignal, control: SuperstepGate): void {
  const request = () => control.stop('the executor stops');
  if (signal.aborted) request();
  else signal.addEventListener('abort', request, { once: true });
}

function headOf(state: ThreadState): HeadState {
  const questions = state.tasks
    .filter((task) => !task.isFinished)
    .flatMap((task) => task.interrupts)
    .map(({ id, value, response_schema: schema }) => ({ id: id ?? '', value: toWire(value), schema }));
  const values = toWire(state.values);
  return {
    checkpointId: state.config.configurable?.checkpoint_id ?? null,
    next: state.next,
    interrupts: questions.map(({ id, value, schema }) => ({
      id,
      value: value.json,
      ...(schema === undefined ? {} : { response_schema: toWire(schema).json }),
    })),
    ...(questions.some(({ value }) => value.isLossy) ? { areInterruptsLossy: true } : {}),
    values: values.json,
    ...(values.isLossy ? { areValuesLossy: true } : {}),
  };
}

function failureOutcome(
  error: unknown,
  saver: RunSaver | null,
  isDrained: boolean,
  stackLength = 0,
): Extract<Outcome, { kind: 'failed' | 'handed_back' | 'lease_lost' }> {
  if (saver?.isRefused) return { kind: 'lease_lost' };
  const failure = saver?.failure ?? null;
  switch (failure?.kind) {
    // The attempt is not spent, and neither can loop: outages are waited out, so this one met an attempt that had to stop anyway;
    // and the next attempt waits until its clock has passed the newest checkpoint.
    case 'outage':
    case 'clock':
      return { kind: 'handed_back', spendsAttempt: false, isolate: false, error: describeError(failure.error) };
    case 'overrun':
      return { kind: 'handed_back', spendsAttempt: true, isolate: false, error: describeError(failure.error) };
    case 'refused_value':
      return { kind: 'failed', reason: 'graph_error', error: describeError(failure.error), head: null };
    case undefined:
      break;
  }
  // By name: a project brings its own copy of LangGraph. A node may also drain a graph of its own.
  if (isDrained && error instanceof Error && error.name === 'GraphDrained') {
    return { kind: 'handed_back', spendsAttempt: false, isolate: false, error: describeError(error) };
  }
  const reason = error instanceof GraphNotLoadable ? 'graph_not_loadable' : 'graph_error';
  return { kind: 'failed', reason, error: describeError(error, stackLength), ...atOwnFrame(error), head: null };
}

/** Where the project threw; nothing when no line of the project is in the stack. */
function atOwnFrame(error: unknown): { at?: string } {
  const at = ownFrameOf(error);
  return at === null ? {} : { at };
}
