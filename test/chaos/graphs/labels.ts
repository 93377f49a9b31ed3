/** Two supersteps that leave a label each in the state, and a trace outside: who has run, how often, and in which order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { noted } from './note.ts';

const State = Annotation.Root({
  label: Annotation<string>,
  /** Milliseconds that each step takes. */
  ms: Annotation<number>,
  /** Whether the steps go on when they are asked to stop. */
  isDeaf: Annotation<boolean>,
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
});

function step(name: string) {
  return async ({ label, ms, isDeaf }: typeof State.State, config: LangGraphRunnableConfig) => {
    const options = isDeaf || config.signal === undefined ? {} : { signal: config.signal };
    await noted(name, config, () => sleep(ms, undefined, options));
    return { labels: [`${label}:${name}`] };
  };
}

export const graph = new StateGraph(State)
  .addNode('first', step('first'))
  .addNode('second', step('second'))
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', END)
  .compile();
