/**
 * Purpose   Turns the `command` of a request into LangGraph's, or says why it has no meaning on this thread.
 * Checks    LangGraph takes a resume that nothing waits for, an unknown node of `goto` and an unknown key of `update`
 *           silently, and the run looks like a success. Here they are refused.
 * I7        Answers are always passed by the id of their interrupt. LangGraph keeps a bare answer for the next question: a
 *           node that asks twice and runs again, or a later node of a subgraph, would get it too.
 */
import { Command } from '@langchain/langgraph';
import type { Send as LangGraphSend } from '@langchain/langgraph';
import type { Command as RequestedCommand, CommandGoto, FailedReason, Json, Send } from '@runlane/contracts';
import type { ClaimedRun } from '../../../domain/run.ts';
import type { RunnableGraph } from '../graphs/graph-registry.ts';
import type { StateTask, ThreadState } from './thread-state.ts';

export type CommandPlan =
  | { kind: 'command'; command: Command<unknown> }
  | { kind: 'refused'; reason: FailedReason; message: string };

/** Makes a `Send` of the copy of LangGraph that the graph was built with. */
export type SendMaker = (send: Send) => Promise<object>;

/**
 * @param state of the checkpoint that the command applies to; null without a checkpointer
 * @param isRepeated an earlier attempt has applied the command in part, so the checks have passed already
 */
export async function planCommand(
  run: ClaimedRun,
  requested: RequestedCommand,
  graph: RunnableGraph,
  state: ThreadState | null,
  isRepeated: boolean,
  makeSend: SendMaker,
): Promise<CommandPlan> {
  const problem = isRepeated ? null : problemOf(run, requested, graph, state);
  if (problem !== null) return { kind: 'refused', ...problem };
  const { resume, update, goto } = requested;
  const targets = await Promise.all(targetsOf(goto ?? []).map(async (to) => (isSend(to) ? makeSend(to) : to)));
  return {
    kind: 'command',
    command: new Command({
      ...(resume === undefined ? {} : { resume: answersById(resume, state) }),
      ...(update === undefined ? {} : { update }),
      // For the types it is our class; at run time it is that of the graph's own copy.
      goto: targets as (string | LangGraphSend)[],
    }),
  };
}

type Problem = { reason: FailedReason; message: string };

function problemOf(
  run: ClaimedRun,
  { resume, update, goto }: RequestedCommand,
  graph: RunnableGraph,
  state: ThreadState | null,
): Problem | null {
  if (goto !== undefined) {
    const nodes = targetsOf(goto).map((to) => (isSend(to) ? to.node : to));
    const unknown = nodes.filter((node) => !canGoTo(node, graph));
    if (unknown.length > 0) {
      const known = nodesOf(graph)?.join(', ');
      return { reason: 'unknown_node', message: `command.goto names ${unknown.join(', ')}. Nodes: ${known}.` };
    }
  }
  if (update !== undefined) {
    const known = stateKeysOf(graph);
    const keys = Array.isArray(update) ? update.map(([key]) => key) : Object.keys(update);
    const unknown = keys.filter((key) => known !== null && !known.includes(key));
    if (known !== null && unknown.length > 0) {
      const message = `command.update names ${unknown.join(', ')}. Keys of the state: ${known.join(', ')}.`;
      return { reason: 'graph_error', message };
    }
  }
  return resume === undefined ? null : problemOfResume(run, resume, state);
}

function problemOfResume(run: ClaimedRun, resume: Json, state: ThreadState | null): Problem | null {
  const refused = (message: string): Problem => ({ reason: 'nothing_to_resume', message });
  const pending = pendingIds(state);
  if (pending.length === 0) {
    const where =
      run.request.checkpoint_id === null ? `thread ${run.threadId}` : `checkpoint ${run.request.checkpoint_id}`;
    const nothing = `command.resume has nothing to answer: no interrupt is pending on ${where}.`;
    if (run.request.checkpoint_id !== null) {
      return refused(
        `${nothing} First send the checkpoint_id with no input and no command: that run continues from there, and asks ` +
          'its questions again.',
      );
    }
    if (state === null || state.next.length === 0) return refused(`${nothing} Send an input to start a new turn.`);
    return refused(`${nothing} It stopped before ${state.next.join(', ')}: send no input and no command to continue.`);
  }
  if (!isAnswerById(resume)) return null;
  const unknown = Object.keys(resume).filter((id) => !pending.includes(id));
  if (unknown.length === 0) return null;
  return refused(
    `command.resume answers ${unknown.join(', ')}, which is not pending (any more). Pending: ${pending.join(', ')}.`,
  );
}

/**
 * The answers by interrupt. A single answer is given to every pending interrupt. When an earlier attempt has answered all of
 * them, it is given to those again: LangGraph needs an answer to continue from the same checkpoint, and their tasks are
 * finished.
 */
function answersById(resume: Json, state: ThreadState | null): Json {
  if (isAnswerById(resume)) return resume;
  const pending = pendingIds(state);
  const ids = pending.length > 0 ? pending : idsOf(state?.tasks ?? []);
  // The graph's own LangGraph may have stored interrupts without ids; then only a bare answer is possible.
  return ids.length > 0 && ids.every(isInterruptId) ? Object.fromEntries(ids.map((id) => [id, resume])) : resume;
}

function pendingIds(state: ThreadState | null): string[] {
  return idsOf((state?.tasks ?? []).filter((task) => !task.isFinished));
}

function idsOf(tasks: readonly StateTask[]): string[] {
  return tasks.flatMap((task) => task.interrupts.map(({ id }) => id ?? ''));
}

/** LangGraph's rule to distinguish answers by id from a single answer that is an object. */
function isAnswerById(resume: Json): resume is Record<string, Json> {
  if (typeof resume !== 'object' || resume === null || Array.isArray(resume)) return false;
  const ids = Object.keys(resume);
  return ids.length > 0 && ids.every(isInterruptId);
}

function isInterruptId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

function targetsOf(goto: CommandGoto): (string | Send)[] {
  return Array.isArray(goto) ? goto : [goto];
}

function isSend(target: string | Send): target is Send {
  return typeof target !== 'string';
}

/** `goto` reaches only nodes with a channel of their own; a functional graph has none. */
function canGoTo(node: string, graph: RunnableGraph): boolean {
  const known = nodesOf(graph);
  return known === null || (known.includes(node) && `branch:to:${node}` in (graph.channels ?? {}));
}

/** Names of the nodes that a request can name; null when only the graph's own server knows them. */
export function nodesOf(graph: RunnableGraph): string[] | null {
  return graph.nodes === undefined ? null : Object.keys(graph.nodes).filter((node) => node !== '__start__');
}

/** The channels that hold state; the others are LangGraph's own. Null when only the graph's own server knows them. */
function stateKeysOf(graph: RunnableGraph): string[] | null {
  if (graph.channels === undefined) return null;
  return Object.keys(graph.channels).filter((key) => !/^(__start__$|__pregel_|branch:|join:)/.test(key));
}
