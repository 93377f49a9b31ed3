/** Executes until the file of `CHAOS_GATE` exists, whatever it is told: nobody else may have to wait for it. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { noted } from './note.ts';

const LOOK_MS = 200;

export const graph = new StateGraph(Annotation.Root({ label: Annotation<string> }))
  .addNode('stuck', async (_state, config) => {
    await noted('stuck', config, async () => {
      while (!existsSync(process.env['CHAOS_GATE'] ?? '')) await sleep(LOOK_MS);
    });
    return {};
  })
  .addEdge(START, 'stuck')
  .addEdge('stuck', END)
  .compile();
