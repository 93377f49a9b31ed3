/**
 * A graph has the saver and the store of the run that executes it. Real: LangGraph, Postgres, the saver.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Attempts, testGraph } from '../attempt/attempts.fixture.ts';

let attempts: Attempts;
beforeAll(async () => {
  attempts = await Attempts.create(inject('databaseUrl'), [
    testGraph('self-aware', 'self-aware'),
    testGraph('outer', 'self-aware', 'outer'),
  ]);
});
afterAll(() => attempts[Symbol.asyncDispose]());

const seenBy = async (graph: string, label: string) => {
  const run = await attempts.rows.claim(randomUUID(), { assistant_id: graph, input: { label } });
  const outcome = await attempts.execute(run);
  return outcome.kind === 'succeeded' ? outcome.head.values : outcome;
};

test('a node that asks its graph for the state gets that of its own run, whatever runs beside it', async () => {
  const labels = ['a', 'b', 'c', 'd'];
  const seen = await Promise.all(labels.map((label) => seenBy('self-aware', label)));
  expect(seen).toEqual(labels.map((label) => ({ label, seen: { label, hasStore: true } })));
});

test('a graph has no saver and store of a run as a part of another graph, nor between two runs', async () => {
  await seenBy('self-aware', 'before');
  expect(await seenBy('outer', 'x')).toEqual({ label: 'x', seen: { isLent: false } });
});
