/** Executes until somebody opens its gate, and notes where and when it began: the graph of the bench `recovery`. */
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({
  /** Path of a file; the node ends when it exists. */
  gate: Annotation<string>,
  /** Path of the file that notes are appended to, as a line of JSON each. */
  notes: Annotation<string>,
});

const POLL_MS = 50;

export const builder = new StateGraph(State)
  .addNode('hold', async ({ gate, notes }, config) => {
    const options = config.signal === undefined ? {} : { signal: config.signal };
    const runId: unknown = config.configurable?.['run_id'];
    appendFileSync(notes, `${JSON.stringify({ runId, pid: process.pid, startedMs: Date.now() })}\n`);
    while (!existsSync(gate)) await sleep(POLL_MS, undefined, options);
    return {};
  })
  .addEdge(START, 'hold')
  .addEdge('hold', END);
