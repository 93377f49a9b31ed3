/**
 * The graphs of the strategy matrix and of the rollback tests: what every run did to the thread can be read from one list. A run adds `x:in` with its
 * input and one label per node; it can be held in its first node and can ask in its second.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph, interrupt } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
  label: Annotation<string>,
  /** The first node does not end before this file exists; empty: there is no gate. */
  gate: Annotation<string>,
  /** The second node asks before it ends. */
  asks: Annotation<boolean>,
});

const GATE_POLL_MS = 10;

async function step(
  node: string,
  { gate }: typeof State.State,
  { configurable, signal }: LangGraphRunnableConfig,
): Promise<void> {
  const { run_id, thread_id } = configurable ?? {};
  note({ run_id, thread_id, node, at: 'start' });
  try {
    const options = signal === undefined ? {} : { signal };
    while (node === 'first' && gate !== '' && !existsSync(gate)) await sleep(GATE_POLL_MS, undefined, options);
  } finally {
    note({ run_id, thread_id, node, at: 'end' });
  }
}

export const graph = new StateGraph(State)
  .addNode('first', async (state, config) => {
    await step('first', state, config);
    return { labels: [`${state.label}:first`] };
  })
  .addNode('second', async (state, config) => {
    if (state.asks) interrupt('go on?');
    await step('second', state, config);
    return { labels: [`${state.label}:second`] };
  })
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', END)
  .compile();

const inner = new StateGraph(State)
  .addNode('one', () => ({ labels: ['one'] }))
  .addNode('two', () => ({ labels: ['two'] }))
  .addEdge(START, 'one')
  .addEdge('one', 'two')
  .addEdge('two', END)
  .compile();

/** A subgraph with checkpoints of its own beside the node that can be held, and a node behind both. */
export const branches = new StateGraph(State)
  .addNode('inner', async (_state, config) => {
    const { labels } = await inner.invoke({ labels: [] }, config);
    return { labels };
  })
  .addNode('first', async (state, config) => {
    await step('first', state, config);
    return { labels: [`${state.label}:first`] };
  })
  .addNode('second', ({ label }) => ({ labels: [`${label}:second`] }))
  .addEdge(START, 'inner')
  .addEdge(START, 'first')
  .addEdge(['inner', 'first'], 'second')
  .addEdge('second', END)
  .compile();
