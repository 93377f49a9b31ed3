/** Top-level await, a CommonJS module, JSON, a dynamic import, WebAssembly, a path by the module's URL, and a database of Node's. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DatabaseSync } from 'node:sqlite';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import data from './data.json' with { type: 'json' };
import legacy from './legacy.cjs';
const text = readFileSync(new URL('./prompt.txt', import.meta.url), 'utf8').trim();
const { lazy } = await import('./lazy.js');
const required = createRequire(import.meta.url)('./legacy.cjs');
const { instance } = await WebAssembly.instantiate(
  Uint8Array.from([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1,
    7, 0, 32, 0, 32, 1, 106, 11,
  ]),
);
const add = instance.exports['add'] as (a: number, b: number) => number;
const db = new DatabaseSync(':memory:');
db.exec('create table t (x int); insert into t values (41)');
export const graph = new StateGraph(Annotation.Root({ out: Annotation<unknown> }))
  .addNode('a', async () => ({
    out: [
      data.name,
      legacy.name,
      required === legacy,
      text,
      lazy(),
      add(2, 3),
      { ...db.prepare('select x + 1 as x from t').get() },
      import.meta.filename.endsWith('graph.ts'),
    ],
  }))
  .addEdge(START, 'a')
  .compile();
