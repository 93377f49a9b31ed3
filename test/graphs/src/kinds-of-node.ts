/**
 * The kinds of code that a graph can execute. Each waits until a file exists and ignores its signal: LangGraph returns from
 * an aborted graph, and the code goes on.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { Runnable, RunnableBranch, RunnableLambda, RunnableSequence } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { Annotation, START, StateGraph, entrypoint, task } from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';
import { note } from './side-effects.ts';

const State = Annotation.Root({ gate: Annotation<string>, messages: Annotation<AIMessage[]> });
type Held = { gate: string };

/** Notes the file that it waits for as the run. */
async function hold({ gate }: Held): Promise<Record<string, never>> {
  const about = { run_id: gate, thread_id: null, node: 'held' };
  note({ ...about, at: 'start' });
  while (!existsSync(gate)) await sleep(5);
  note({ ...about, at: 'end' });
  return {};
}

/** Waits for the file that its one message names. */
class HeldModel extends BaseChatModel {
  constructor() {
    super({});
  }
  _llmType(): string {
    return 'held';
  }
  async _generate([message]: { text: string }[]) {
    await hold({ gate: message?.text ?? '' });
    return { generations: [{ text: 'ok', message: new AIMessage('ok') }] };
  }
}

export const plain = new StateGraph(State).addNode('held', hold).addEdge(START, 'held').compile();
export const lambda = new StateGraph(State).addNode('held', RunnableLambda.from(hold)).addEdge(START, 'held').compile();
export const chain = new StateGraph(State)
  .addNode('held', RunnableSequence.from([(state: Held) => state, hold]))
  .addEdge(START, 'held')
  .compile();
export const configured = new StateGraph(State)
  .addNode('held', RunnableLambda.from(hold).withConfig({ tags: ['held'] }))
  .addEdge(START, 'held')
  .compile();
export const retried = new StateGraph(State)
  .addNode('held', RunnableLambda.from(hold).withRetry({ stopAfterAttempt: 2 }))
  .addEdge(START, 'held')
  .compile();
export const subgraph = new StateGraph(State).addNode('held', plain).addEdge(START, 'held').compile();
export const configuredSubgraph = new StateGraph(State)
  .addNode('held', plain.withConfig({ tags: ['held'] }))
  .addEdge(START, 'held')
  .compile();
export const byHand = new StateGraph(State)
  .addNode('held', async (state, config) => {
    await plain.invoke(state, config);
    return {};
  })
  .addEdge(START, 'held')
  .compile();

const prompt = RunnableLambda.from((state: Held) => [new HumanMessage(state.gate)]);
const answer = RunnableLambda.from(() => ({}));
export const model = new StateGraph(State)
  .addNode('held', prompt.pipe(new HeldModel()).pipe(answer))
  .addEdge(START, 'held')
  .compile();

/** A class of the project's own, with what only it can reach. */
class OwnRunnable extends Runnable<Held, Record<string, never>> {
  lc_namespace = ['test'];
  readonly #hold = hold;
  invoke(input: Held): Promise<Record<string, never>> {
    return this.#hold(input);
  }
}
export const ownClass = new StateGraph(State).addNode('held', new OwnRunnable()).addEdge(START, 'held').compile();
export const choice = new StateGraph(State)
  .addNode('held', RunnableBranch.from([[() => true, new OwnRunnable()], new OwnRunnable()]))
  .addEdge(START, 'held')
  .compile();

const held = tool(hold, { name: 'held', description: 'holds', schema: z.object({ gate: z.string() }) });
export const tools = new StateGraph(State)
  .addNode('call', ({ gate }) => ({
    messages: [new AIMessage({ content: '', tool_calls: [{ name: 'held', id: '1', args: { gate } }] })],
  }))
  .addNode('tools', new ToolNode([held]))
  .addEdge(START, 'call')
  .addEdge('call', 'tools')
  .compile();

const heldTask = task('held', hold);
export const functional = entrypoint('held', async (input: Held) => {
  await heldTask(input);
  return {};
});
