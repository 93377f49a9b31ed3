/**
 * Slow work in small steps. Each step is a checkpoint, so after a crash the run continues with the step it was at.
 *
 *   input  {"steps": 5, "delay_ms": 1000}, both optional
 *
 * More than 20 steps need a higher `recursion_limit` in the run's `config`: LangGraph's default is 25.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { END, START, StateGraph } from '@langchain/langgraph';
import { z } from 'zod';

const State = z.object({
  steps: z.int().min(1).default(5),
  delay_ms: z.int().min(0).default(1000),
  done: z.int().default(0),
});
type State = z.infer<typeof State>;

/** The thread keeps the state of its last run, which may have counted already. */
function begin() {
  return { done: 0 };
}

/** The signal aborts when the run has to stop; a node that passes it on stops immediately. */
async function work({ done, delay_ms }: State, { signal }: LangGraphRunnableConfig) {
  await sleep(delay_ms, undefined, signal === undefined ? {} : { signal });
  return { done: done + 1 };
}

export const graph = new StateGraph(State)
  .addNode('begin', begin)
  .addNode('work', work)
  .addEdge(START, 'begin')
  .addEdge('begin', 'work')
  .addConditionalEdges('work', ({ done, steps }) => (done < steps ? 'work' : END), ['work', END])
  .compile();
