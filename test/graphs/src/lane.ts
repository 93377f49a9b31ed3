/**
 * The graph of the lane tests: two supersteps that note outside of Runlane when they ran, so that a test can count
 * side effects, and a list of labels in the state, so that a test can see which inputs were applied in which order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  label: Annotation<string>,
  /** Milliseconds that each step takes. */
  ms: Annotation<number>,
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
});

async function step(name: string, state: typeof State.State, config: LangGraphRunnableConfig): Promise<void> {
  note({
    run_id: config.configurable?.['run_id'],
    thread_id: config.configurable?.['thread_id'],
    node: name,
    at: 'start',
  });
  if (state.ms > 0) await sleep(state.ms, undefined, config.signal === undefined ? {} : { signal: config.signal });
  note({
    run_id: config.configurable?.['run_id'],
    thread_id: config.configurable?.['thread_id'],
    node: name,
    at: 'end',
  });
}

export const graph = new StateGraph(State)
  .addNode('first', async (state, config) => {
    await step('first', state, config);
    return { labels: [`${state.label}:first`] };
  })
  .addNode('second', async (state, config) => {
    await step('second', state, config);
    return { labels: [`${state.label}:second`] };
  })
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', END)
  .compile();
