/**
 * The graph of the fault tests: two supersteps, of which the first can be held from outside, so that a test breaks
 * things while a run executes. An aborted step notes its end too, so that the notes show the time for which it was busy.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  label: Annotation<string>,
  /** Milliseconds that each step takes. */
  ms: Annotation<number>,
  /** The first step does not end before this file exists; empty: there is no gate. */
  gate: Annotation<string>,
});

const GATE_POLL_MS = 10;

async function busy(
  node: string,
  config: LangGraphRunnableConfig,
  work: (pause: (ms: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  const { run_id, thread_id } = config.configurable ?? {};
  const options = config.signal === undefined ? {} : { signal: config.signal };
  note({ run_id, thread_id, node, at: 'start' });
  try {
    await work((ms) => sleep(ms, undefined, options));
  } finally {
    note({ run_id, thread_id, node, at: 'end' });
  }
}

export const graph = new StateGraph(State)
  .addNode('first', async ({ ms, gate }, config) => {
    await busy('first', config, async (pause) => {
      await pause(ms);
      while (gate !== '' && !existsSync(gate)) await pause(GATE_POLL_MS);
    });
    return {};
  })
  .addNode('second', async ({ ms }, config) => {
    await busy('second', config, (pause) => pause(ms));
    return {};
  })
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', END)
  .compile();
