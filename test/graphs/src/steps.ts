/**
 * A line of supersteps as long as the input says, each of which notes outside of Runlane that it began and ended, and puts
 * something into the store.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  /** Supersteps to do. */
  steps: Annotation<number>,
  /** Milliseconds that each takes. */
  ms: Annotation<number>,
  done: Annotation<number>({ reducer: (_before, now) => now, default: () => 0 }),
});

export const graph = new StateGraph(State)
  .addNode('step', async ({ done, ms }, config: LangGraphRunnableConfig) => {
    const { run_id, thread_id } = config.configurable ?? {};
    const node = `step ${done + 1}`;
    note({ run_id, thread_id, node, at: 'start' });
    try {
      await sleep(ms / 2);
      await config.store?.put(['steps', String(run_id)], String(done), { done });
      await sleep(ms / 2);
      return { done: done + 1 };
    } finally {
      // The store refuses what an attempt asks for after its lease was lost.
      note({ run_id, thread_id, node, at: 'end' });
    }
  })
  .addEdge(START, 'step')
  .addConditionalEdges('step', ({ done, steps }) => (done < steps ? 'step' : END))
  .compile();
