/** Ends its whole process, every time. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { note } from '../side-effects.ts';

export const graph = new StateGraph(Annotation.Root({ label: Annotation<string> }))
  .addNode('kill', (_state, config) => {
    const { run_id, thread_id } = config.configurable ?? {};
    note({ run_id, thread_id, node: 'kill', at: 'start' });
    process.kill(process.pid, 'SIGKILL');
    return new Promise<never>(() => undefined);
  })
  .addEdge(START, 'kill')
  .addEdge('kill', END)
  .compile();
