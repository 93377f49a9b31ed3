/** Squares a number, which is cached, and says in which thread and process it did; and two graphs like it. */
import { threadId } from 'node:worker_threads';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { InMemoryCache } from '@langchain/langgraph-checkpoint';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  x: Annotation<number>,
  /** Milliseconds that the run takes. */
  ms: Annotation<number>,
  square: Annotation<number>,
  /** Process and thread in which the square was computed. */
  by: Annotation<string>,
  /** Those in which the run has executed. */
  here: Annotation<string>,
});

const here = `${process.pid}/${threadId}`;

function caching(cache: InMemoryCache) {
  return new StateGraph(State)
    .addNode('compute', ({ x }: typeof State.State) => ({ square: x * x, by: here }), {
      cachePolicy: { keyFunc: (args) => JSON.stringify(args.map((state) => (state as typeof State.State).x)) },
    })
    .addNode('wait', async ({ ms }, { configurable }) => {
      const { run_id, thread_id } = configurable ?? {};
      note({ run_id, thread_id, node: 'wait', at: 'start' });
      await new Promise((resolve) => setTimeout(resolve, ms));
      return { here };
    })
    .addEdge(START, 'compute')
    .addEdge('compute', 'wait')
    .compile({ cache });
}

export const graph = caching(new InMemoryCache());

export const other = caching(new InMemoryCache());

export const outer = new StateGraph(State)
  .addNode('inner', caching(new InMemoryCache()))
  .addEdge(START, 'inner')
  .compile();
