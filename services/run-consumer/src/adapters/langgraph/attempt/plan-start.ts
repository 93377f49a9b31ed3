/**
 * Purpose   Decides how an attempt starts, from what earlier attempts of the same run have left on the thread.
 * I7        A run that has written a checkpoint continues from its last one: LangGraph sees its `run_id` there and
 *           ignores the input. It must neither fork again from the `checkpoint_id` of its request, nor walk past the
 * breakpoint at which it had stopped when its process died, nor apply its command once more. A command is first written onto
 *           the checkpoint of another run. As long as the run has no checkpoint of its own, the written part of the command
 *           is removed, and the whole command is applied again.
 * Checks    A request may ask for something that the thread or the graph does not have. This is detected here, before the
 *           run has written anything, and never later.
 */
import type { RunSaver } from '@runlane/checkpoint';
import type { FailedReason } from '@runlane/contracts';
import { claimNumber } from '../../../domain/run.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { turnRefusal } from '../../../domain/thread-status.ts';
import type { RunnableGraph } from '../graphs/graph-registry.ts';
import { nodesOf, planCommand } from './plan-command.ts';
import type { SendMaker } from './plan-command.ts';
import { earlierOf } from './attempt-metadata.ts';
import type { Earlier } from './attempt-metadata.ts';
import { checkpointConfig } from './run-options.ts';
import { readState } from './thread-state.ts';
import type { ThreadState } from './thread-state.ts';

export type StartPlan =
  /**
   * Invoke the graph, from the named checkpoint if there is one. `earlier`: what earlier attempts have reported, and the
   * questions that the run abandons.
   */
  | { kind: 'invoke'; input: unknown; fromCheckpoint: string | null; earlier: Earlier }
  /** There is no input, and the thread has ended: the attempt is over without an invocation of the graph. */
  | { kind: 'nothing_to_continue'; state: ThreadState }
  | { kind: 'paused'; state: ThreadState; earlier: Earlier }
  | { kind: 'refused'; reason: FailedReason; message: string }
  | { kind: 'not_its_turn'; outcome: Extract<Outcome, { kind: 'failed' }> };

/** @param saver null for a run without a checkpointer, which has no thread to read */
export async function planStart(
  run: ClaimedRun,
  graph: RunnableGraph,
  saver: RunSaver | null,
  makeSend: SendMaker,
): Promise<StartPlan> {
  const { checkpoint_id: checkpointId, command, input } = run.request;
  // The first claim of a run: it cannot have written anything yet.
  const isFirst = claimNumber(run) === 1;
  let isRepeated = false;
  if (!isFirst && saver !== null) {
    const state = await readState(graph, checkpointConfig(run));
    if (state.metadata?.['run_id'] === run.runId) {
      const isPaused = await stoppedAtBreakpoint(run, graph, state);
      const earlier = earlierOf(state.metadata);
      return isPaused ? { kind: 'paused', state, earlier } : { kind: 'invoke', input, fromCheckpoint: null, earlier };
    }
    if (command !== null) isRepeated = await saver.takeBackAnswers();
  }
  const refusal = turnRefusal(run);
  if (refusal !== null) return { kind: 'not_its_turn', outcome: refusal };
  const unknown = unknownNodes(run, graph);
  if (unknown.length > 0) {
    const known = nodesOf(graph)?.join(', ');
    return refused('unknown_node', `interrupt_before or interrupt_after names ${unknown.join(', ')}. Nodes: ${known}.`);
  }
  const isMissing = async (id: string) => (await saver?.getTuple(checkpointConfig(run, id))) === undefined;
  if (checkpointId !== null && (await isMissing(checkpointId))) {
    return refused(
      'checkpoint_not_found',
      `checkpoint_id ${checkpointId} is not a checkpoint of thread ${run.threadId}.`,
    );
  }
  if (input !== null) {
    const abandonedInterrupts = await openQuestions(run, graph, saver);
    return { kind: 'invoke', input, fromCheckpoint: checkpointId, earlier: { usage: null, abandonedInterrupts } };
  }
  const earlier = { usage: null, abandonedInterrupts: [] };
  const state = saver === null ? null : await readState(graph, checkpointConfig(run, checkpointId ?? undefined));
  if (command !== null) {
    const plan = await planCommand(run, command, graph, state, isRepeated, makeSend);
    if (plan.kind === 'refused') return plan;
    return { kind: 'invoke', input: plan.command, fromCheckpoint: checkpointId, earlier };
  }
  if (state?.config.configurable?.checkpoint_id === undefined) {
    return refused(
      'nothing_to_continue',
      'input is null, which continues a thread, but this thread has no checkpoint. Give an input.',
    );
  }
  // A named checkpoint still changes the thread, although no node executes: LangGraph makes a copy of it the head.
  if (state.tasks.length === 0 && checkpointId === null) return { kind: 'nothing_to_continue', state };
  return { kind: 'invoke', input, fromCheckpoint: checkpointId, earlier };
}

/** Ids of the questions at the head of the thread. An idle thread asks nothing, so it is not read. */
async function openQuestions(run: ClaimedRun, graph: RunnableGraph, saver: RunSaver | null): Promise<string[]> {
  if (saver === null || run.restingStatus === 'idle') return [];
  const { tasks } = await readState(graph, checkpointConfig(run));
  const open = tasks.filter((task) => !task.isFinished).flatMap((task) => task.interrupts);
  return open.flatMap(({ id }) => (id === undefined ? [] : [id]));
}

/**
 * Whether the run had stopped at a breakpoint on this head of its own. LangGraph would take the second invocation for the
 * answer and continue.
 */
async function stoppedAtBreakpoint(run: ClaimedRun, graph: RunnableGraph, head: ThreadState): Promise<boolean> {
  const source = head.metadata?.['source'];
  // The first checkpoint of a fork is a copy of the one that it starts from, so the breakpoint there is the one that is answered.
  if (head.next.length === 0 || (source !== 'loop' && source !== 'input')) return false;
  // A checkpoint that an update or a goto makes is like that of a fork: LangGraph continues from it without a stop.
  if (source === 'input' && run.request.command !== null) return false;
  const before = run.request.interrupt_before ?? graph.interruptBefore ?? [];
  if (matches(before, head.next)) return true;
  const after = run.request.interrupt_after ?? graph.interruptAfter ?? [];
  if (source !== 'loop' || after.length === 0 || head.parentConfig === undefined) return false;
  return matches(after, (await graph.getState(head.parentConfig)).next);
}

function matches(breakpoints: readonly string[] | '*', nodes: readonly string[]): boolean {
  return breakpoints === '*' ? nodes.length > 0 : nodes.some((node) => breakpoints.includes(node));
}

function unknownNodes(run: ClaimedRun, graph: RunnableGraph): string[] {
  const named = [run.request.interrupt_before, run.request.interrupt_after].flatMap((nodes) =>
    nodes === null || nodes === '*' ? [] : nodes,
  );
  const known = nodesOf(graph);
  return known === null ? [] : named.filter((node) => !known.includes(node));
}

function refused(reason: FailedReason, message: string): StartPlan {
  return { kind: 'refused', reason, message };
}
