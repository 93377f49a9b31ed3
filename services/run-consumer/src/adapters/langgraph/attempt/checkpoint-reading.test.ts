/**
 * The list of a thread's checkpoints says what LangGraph's own does, and reads none of their values.
 * Real: Postgres, LangGraph's saver, its tables and a graph that pauses.
 */
import { Annotation, Command, END, START, StateGraph, interrupt } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';
import { expect, inject, test } from 'vitest';
import { createCheckpointReading } from './checkpoint-reading.ts';
import { RunRows } from './run-rows.fixture.ts';

const State = Annotation.Root({ blob: Annotation<string>, answer: Annotation<string> });
const asking = new StateGraph(State)
  .addNode('ask', () => ({ answer: interrupt<object, string>({ question: 'who', blob: 'b' }) }))
  .addEdge(START, 'ask')
  .addEdge('ask', END);

test('checkpoints are listed as they are stored, by page and by run, however large their values are', async () => {
  await using rows = await RunRows.create(inject('databaseUrl'));
  const saver = new PostgresSaver(rows.pool);
  const graph = asking.compile({ checkpointer: saver });
  const config = (runId: string) => ({ configurable: { thread_id: 't' }, metadata: { run_id: runId } });
  await graph.invoke({ blob: 'v'.repeat(200_000) }, config('first'));
  await graph.invoke(new Command({ resume: 'me' }), config('second'));
  const stored: CheckpointTuple[] = [];
  for await (const one of saver.list({ configurable: { thread_id: 't', checkpoint_ns: '' } })) stored.push(one);
  const reading = createCheckpointReading(rows.database, 'public');
  const all = await reading.history('t', { limit: 10 });
  expect(all.map(({ checkpointId, createdAt, step, source }) => [checkpointId, createdAt, step, source])).toEqual(
    stored.map(({ checkpoint, metadata }) => [
      checkpoint.id,
      new Date(checkpoint.ts),
      metadata?.step,
      metadata?.source,
    ]),
  );
  expect(all.map(({ parentId }) => parentId)).toEqual([...all.slice(1).map(({ checkpointId }) => checkpointId), null]);
  expect(all.flatMap(({ interrupts }) => interrupts)).toEqual([
    { id: expect.any(String), value: { question: 'who', blob: 'b' } },
  ]);
  const [head, ...older] = all;
  expect(await reading.history('t', { limit: 10, before: head?.checkpointId ?? null })).toEqual(older);
  expect(await reading.history('t', { limit: 1 })).toEqual([head]);
  const first = await reading.history('t', { limit: 10, runId: 'first' });
  expect(first).toEqual(all.filter(({ runId }) => runId === 'first'));
  expect(first.length).toBeLessThan(all.length);
  await rows.pool.query('drop table checkpoint_blobs');
  expect(await reading.history('t', { limit: 10 })).toEqual(all);
});
