/**
 * I8: after a rollback the thread is as if the run had never been.
 * Real: Postgres, LangGraph, the saver. Decides: the rows of LangGraph's three tables, before and after.
 */
import { Command } from '@langchain/langgraph';
import { withTransaction } from '@runlane/postgres';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { cases } from './journal-cases.fixture.ts';
import { graphs } from './journal-graphs.fixture.ts';
import type { GraphName } from './journal-graphs.fixture.ts';
import { configOf, input, resume, threadIn } from './journal-thread.fixture.ts';
import { forgetJournal } from './journal.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const threadOf = (graph: GraphName) => threadIn(world, graph);

async function foreignWritesOf(runId: string): Promise<number> {
  const { rowCount } = await world.pool.query(
    `select from runlane.foreign_writes where run_id = $1 and checkpoint_id <> ''`,
    [runId],
  );
  return rowCount ?? 0;
}

async function journalOf(runId: string): Promise<number> {
  const { rowCount } = await world.pool.query('select from runlane.foreign_writes where run_id = $1', [runId]);
  return rowCount ?? 0;
}

const ways = [
  { durability: 'sync', floor: 'known' },
  { durability: 'async', floor: 'known' },
  { durability: 'exit', floor: 'known' },
  { durability: 'sync', floor: 'unknown' },
] as const;

describe.each(ways)('I8 ($durability, floor $floor): a rollback undoes', ({ durability, floor }) => {
  test.each(cases)('$name', async ({ graph, before, run, isForeign }) => {
    const thread = threadIn(world, graph, floor === 'known' ? {} : { floor: null });
    await before(thread);
    const rows = await thread.rows();
    const runId = await thread.run({ ...(await run(thread)), durability });
    expect(await thread.rows()).not.toEqual(rows);
    // With `exit` writes come before the checkpoint that they belong to is known, and are journalled as well.
    const expected = durability === 'exit' ? [true, false] : [isForeign];
    expect(expected).toContain((await foreignWritesOf(runId)) > 0);

    await thread.rollBack(runId);

    expect(await thread.rows()).toEqual(rows);
    expect(await journalOf(runId)).toBe(0);
  });
});

test('I8: a rollback of several runs restores the state before the first', async () => {
  const thread = threadOf('twice');
  await thread.run(input('in'));
  const rows = await thread.rows();
  const other = threadOf('line');
  await other.run(input('mine'));
  const others = await other.rows();
  const first = await thread.run(resume('1'));
  const second = await thread.run({ input: null });
  await thread.rollBack(second, first);
  expect(await thread.rows()).toEqual(rows);
  expect(await other.rows()).toEqual(others);
});

test('I8: a rollback of a run that wrote to a place twice restores what was there first', async () => {
  const thread = threadOf('twice');
  await thread.run(input('in'));
  const rows = await thread.rows();
  const claim = await world.startRun();
  const graph = graphs.twice(world.saver(claim));
  const config = configOf(thread.threadId, claim.runId);
  await graph.invoke(new Command({ resume: '1' }), config);
  await graph.invoke(new Command({ resume: '1 once more' }), config);
  await thread.rollBack(claim.runId);
  expect(await thread.rows()).toEqual(rows);
});

test('I8: a rollback leaves no writes of a superstep whose checkpoint never came', async () => {
  const thread = threadOf('line');
  await thread.run(input('old'));
  const rows = await thread.rows();
  const runId = await thread.run(input('in'));
  const head = await thread.head();
  // The process died when the superstep's writes were there and its checkpoint was not.
  await world.pool.query('delete from checkpoints where checkpoint_id = $1', [head]);
  await world.pool.query(`insert into checkpoint_writes values ($1, '', $2, 'task', 0, 'labels', 'json', '"x"')`, [
    thread.threadId,
    head,
  ]);
  await thread.rollBack(runId);
  const { checkpoints, writes } = await thread.rows();
  expect({ checkpoints, writes }).toEqual({ checkpoints: rows['checkpoints'], writes: rows['writes'] });
});

test('I8: a question whose answer was rolled back is asked again', async () => {
  const thread = threadOf('twice');
  await thread.run(input('in'));
  await thread.rollBack(await thread.run(resume('withdrawn')));
  await thread.run(resume('1'));
  await thread.run(resume('2'));
  expect(await thread.labels()).toEqual(['in', 'first?: 1', 'second?: 2']);
});

describe('the run after a rollback', () => {
  test('reads none of the values that were rolled back', async () => {
    const thread = threadOf('line');
    await thread.run(input('old'));
    await thread.rollBack(await thread.run(input('withdrawn')));
    await thread.run(input('new'));
    expect(await thread.labels()).toEqual(['old', 'first', 'second', 'new', 'first', 'second']);
  });

  test('would read them with the stock saver, when only checkpoints are deleted', async () => {
    const thread = threadOf('line');
    await thread.runStock(input('old'));
    const head = await thread.head();
    await thread.runStock(input('withdrawn'));
    await world.pool.query('delete from checkpoints where thread_id = $1 and checkpoint_id > $2', [
      thread.threadId,
      head,
    ]);
    await thread.runStock(input('new'));
    expect(await thread.labels()).toContain('withdrawn');
  });
});

test('a journal that is forgotten undoes nothing', async () => {
  const thread = threadOf('twice');
  await thread.run(input('in'));
  const runId = await thread.run(resume('1'));
  const other = await thread.run(resume('2'));
  await withTransaction(world.pool, (client) => forgetJournal(client, [runId]));
  expect(await journalOf(runId)).toBe(0);
  expect(await journalOf(other)).toBeGreaterThan(0);
});

test('I3: a refused write is not in the journal either', async () => {
  const thread = threadOf('twice');
  await thread.run(input('in'));
  const claim = await world.startRun();
  await world.pool.query('update runlane.runs set fencing_token = 2 where run_id = $1', [claim.runId]);
  const late = graphs.twice(world.saver(claim)).invoke(resume('late').input, configOf(thread.threadId, claim.runId));
  await expect(late).rejects.toThrow(/not owned/);
  expect(await journalOf(claim.runId)).toBe(0);
});
