/** Executes until it is aborted, and notes when it began and when its signal aborted: the graph of the bench `interrupt`. */
import { appendFileSync } from 'node:fs';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({
  /** Path of the file that notes are appended to, as a line of JSON each; empty: the node ends immediately. */
  notes: Annotation<string>,
});

const nowMs = () => performance.timeOrigin + performance.now();

export const builder = new StateGraph(State)
  .addNode('work', async ({ notes }, { signal, configurable }) => {
    if (notes === '') return {};
    const note = (what: string, atMs: number) =>
      appendFileSync(notes, `${JSON.stringify({ runId: configurable?.['run_id'], what, pid: process.pid, atMs })}\n`);
    if (signal === undefined) throw new Error('the node got no signal');
    const { promise, resolve } = Promise.withResolvers<number>();
    signal.addEventListener('abort', () => resolve(nowMs()), { once: true });
    note('started', nowMs());
    note('aborted', await promise);
    throw signal.reason;
  })
  .addEdge(START, 'work')
  .addEdge('work', END);
