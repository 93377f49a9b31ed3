/**
 * A pruned thread can do everything but fork from a checkpoint that was deleted.
 * Real: Postgres, LangGraph, the saver. Decides: states and rows, before and after.
 */
import { randomUUID } from 'node:crypto';
import { Annotation, DeltaChannel, END, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { withTransaction } from '@runlane/postgres';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CheckpointWorld } from '../checkpoint-world.fixture.ts';
import type { GraphName } from '../journal-graphs.fixture.ts';
import { configOf, input, resume, threadIn } from '../journal-thread.fixture.ts';
import type { Durability, Thread } from '../journal-thread.fixture.ts';
import { pruneThread } from './prune-thread.ts';
import { blobProblems, rowsRead } from '../thread-tables.fixture.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const threadOf = (graph: GraphName) => threadIn(world, graph);
const prune = (threadId: string, limit = 1_000) =>
  withTransaction(world.pool, (client) => pruneThread(client, 'public', threadId, limit));
const count = (thread: { threadId: string }) => world.count('checkpoints', thread.threadId);

async function namespaces(threadId: string): Promise<string[]> {
  const { rows } = await world.pool.query('select checkpoint_ns from checkpoints where thread_id = $1 order by 1', [
    threadId,
  ]);
  return rows.map((row) => row.checkpoint_ns.replaceAll(/:[^|]+/g, ':task'));
}

describe.each(['sync', 'async', 'exit'] satisfies Durability[])('a finished thread (%s)', (durability) => {
  test('keeps only its head, with its values, and the next run adds to them', async () => {
    const thread = threadOf('line');
    for (const label of ['a', 'b', 'c']) await thread.run({ ...input(label), durability });
    const before = await thread.state();

    expect(await prune(thread.threadId)).toBeGreaterThan(1);

    expect(await thread.state()).toEqual(before);
    expect(await count(thread)).toBe(1);
    expect(await blobProblems(world.pool, thread.threadId)).toEqual([]);
    expect(await prune(thread.threadId)).toBe(0);
    await thread.run({ ...input('d'), durability });
    expect(await thread.labels()).toEqual(['a', 'b', 'c', 'd'].flatMap((label) => [label, 'first', 'second']));
  });

  test('that is paused inside a subgraph resumes there', async () => {
    const thread = threadOf('nested');
    await thread.run({ ...input('a'), durability });
    await thread.run({ ...resume('1'), durability });
    const before = await thread.state();
    const questions = await thread.questions();

    await prune(thread.threadId);

    expect(await thread.state()).toEqual(before);
    expect(await thread.questions()).toEqual(questions);
    expect(Object.keys(questions)).toEqual(['two?']);
    expect(await namespaces(thread.threadId)).toEqual(['', 'inner:task']);
    await thread.run({ ...resume('2'), durability });
    expect((await thread.labels()).slice(-2)).toEqual(['one?: 1', 'two?: 2']);
  });

  test('that is paused at two questions keeps the answer to one of them', async () => {
    const thread = threadOf('questions');
    await thread.run({ ...input('a'), durability });
    const { 'left?': left } = await thread.questions();
    await thread.run({ ...resume({ [String(left)]: 'L' }), durability });

    await prune(thread.threadId);

    expect(Object.keys(await thread.questions())).toEqual(['right?']);
    await thread.run({ ...resume('R'), durability });
    expect(await thread.labels()).toEqual(['a', 'left?: L', 'right?: R', 'joined']);
  });
});

test('a node that has answered its first question does not ask it again', async () => {
  const thread = threadOf('twice');
  await thread.run(input('a'));
  await thread.run(resume('1'));
  await prune(thread.threadId);
  await thread.run(resume('2'));
  expect(await thread.labels()).toEqual(['a', 'first?: 1', 'second?: 2']);
});

test('checkpoints of finished subgraphs are deleted as a whole', async () => {
  const thread = threadOf('nested');
  await thread.run(input('a'));
  await thread.run(resume('1'));
  await thread.run(resume('2'));
  await prune(thread.threadId);
  expect(await namespaces(thread.threadId)).toEqual(['']);
  expect(await world.count('checkpoint_writes', thread.threadId)).toBe(0);
  expect(await blobProblems(world.pool, thread.threadId)).toEqual([]);
});

test('after a fork the new branch stays', async () => {
  const thread = threadOf('line');
  await thread.run(input('a'));
  const from = await thread.head();
  await thread.run(input('left'));
  await thread.run({ ...input('right'), from });
  const labels = await thread.labels();
  expect(labels).toEqual(['a', 'first', 'second', 'right', 'first', 'second']);

  await prune(thread.threadId);

  expect(await thread.labels()).toEqual(labels);
  await thread.run(input('b'));
  expect(await thread.labels()).toEqual([...labels, 'b', 'first', 'second']);
});

test('I8: a rollback of a later run restores the state that pruning had left', async () => {
  const thread = threadOf('nested');
  await thread.run(input('a'));
  await thread.run(resume('1'));
  await prune(thread.threadId);
  const rows = await thread.rows();

  await thread.rollBack(await thread.run(resume('2')));

  expect(await thread.rows()).toEqual(rows);
  await thread.run(resume('3'));
  expect((await thread.labels()).at(-1)).toBe('two?: 3');
});

test('a thread of the stock saver is pruned in the same way, and either saver continues it', async () => {
  const thread = threadOf('line');
  await thread.runStock(input('a'));
  await thread.runStock(input('b'));
  const labels = await thread.labels();
  await prune(thread.threadId);
  expect(await count(thread)).toBe(1);
  await thread.run(input('c'));
  await prune(thread.threadId);
  await thread.runStock(input('d'));
  expect(await thread.labels()).toEqual([...labels, 'c', 'first', 'second', 'd', 'first', 'second']);
});

test('batches are bounded, and after each of them the thread is whole', async () => {
  const thread = threadOf('nested');
  await thread.run(input('a'));
  await thread.run(resume('1'));
  const before = await thread.state();
  const total = await count(thread);
  const values = await world.count('checkpoint_blobs', thread.threadId);
  let deleted = 0;
  for (let last = 2; last === 2; deleted += last) {
    last = await prune(thread.threadId, 2);
    expect(last).toBeLessThanOrEqual(2);
    expect(await thread.state()).toEqual(before);
    await everyCheckpointReads(thread);
  }
  expect(await count(thread)).toBe(2);
  expect(deleted).toBe(total - 2 + values - (await world.count('checkpoint_blobs', thread.threadId)));
  expect(await blobProblems(world.pool, thread.threadId)).toEqual([]);
});

test('a batch reads only what it deletes, however long the thread is', async () => {
  const threadId = randomUUID();
  await world.pool.query(
    `insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
     select $1, '', lpad(number::text, 8, '0'),
       jsonb_build_object('v', 4, 'channel_versions', jsonb_build_object('a', number)), '{}'
     from generate_series(1, 30000) as number`,
    [threadId],
  );
  await world.pool.query(
    `insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
     select $1, '', 'a', number::text, 'json', '1' from generate_series(1, 30000) as number`,
    [threadId],
  );
  await world.pool.query('analyze checkpoints, checkpoint_blobs');

  const readBy = async (): Promise<number> =>
    withTransaction(world.pool, async (client) => {
      const before = await rowsRead(client);
      expect(await pruneThread(client, 'public', threadId, 100)).toBe(100);
      return (await rowsRead(client)) - before;
    });
  expect(await readBy()).toBeLessThan(1_000);
  while ((await prune(threadId, 5_000)) === 5_000);
  expect(await world.count('checkpoints', threadId)).toBe(1);
  expect(await world.count('checkpoint_blobs', threadId)).toBe(1);
});

test('the parent of a head in an older format stays: it has the pending sends', async () => {
  const thread = threadOf('line');
  await thread.run(input('a'));
  await world.pool.query(
    `update checkpoints set checkpoint = jsonb_set(checkpoint, '{v}', '3') where thread_id = $1 and checkpoint_id = $2`,
    [thread.threadId, await thread.head()],
  );
  await prune(thread.threadId);
  expect(await count(thread)).toBe(2);
});

test('other threads are left alone', async () => {
  const [pruned, other] = [threadOf('line'), threadOf('line')];
  await pruned.run(input('a'));
  await other.run(input('a'));
  const rows = await other.rows();
  await prune(pruned.threadId);
  expect(await other.rows()).toEqual(rows);
});

type Counting = { invoke(input: object, config: object): Promise<{ labels: string[] }> };

/** Runs a graph of this test on a new thread, each time as a run of its own. */
async function runs(compile: (checkpointer: BaseCheckpointSaver) => Counting) {
  const threadId = randomUUID();
  return {
    threadId,
    run: async (label: string): Promise<string[]> => {
      const claim = await world.startRun();
      const saver = world.saver(claim);
      const { labels } = await compile(saver).invoke({ labels: [label] }, configOf(threadId, claim.runId, {}));
      await saver.quiesce();
      return labels;
    },
  };
}

const list = () => Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] });

test('a subgraph with a memory of its own keeps it from run to run', async () => {
  const Inner = Annotation.Root({
    count: Annotation<number>({ reducer: (a, b) => a + b, default: () => 0 }),
    labels: list(),
  });
  const inner = new StateGraph(Inner)
    .addNode('add', () => ({ count: 1 }))
    .addNode('tell', ({ count: counted }) => ({ labels: [`run ${counted}`] }))
    .addEdge(START, 'add')
    .addEdge('add', 'tell')
    .addEdge('tell', END)
    .compile({ checkpointer: true });
  const thread = await runs((checkpointer) =>
    new StateGraph(Annotation.Root({ labels: list() }))
      .addNode('inner', async (_state, config) => ({ labels: (await inner.invoke({}, config)).labels.slice(-1) }))
      .addEdge(START, 'inner')
      .addEdge('inner', END)
      .compile({ checkpointer }),
  );
  await thread.run('a');
  await thread.run('b');

  expect(await prune(thread.threadId)).toBeGreaterThan(2);

  expect(await namespaces(thread.threadId)).toEqual(['', 'inner']);
  expect((await thread.run('c')).at(-1)).toBe('run 3');
});

test('a thread with delta channels is not pruned: its values are in the writes of all that came before', async () => {
  const State = Annotation.Root({
    labels: (() => new DeltaChannel((all: string[], added: string[][]) => [...all, ...added.flat()])) as never,
  });
  const thread = await runs(
    (checkpointer) =>
      new StateGraph(State)
        .addNode('one', () => ({ labels: ['one'] }) as never)
        .addEdge(START, 'one')
        .addEdge('one', END)
        .compile({ checkpointer }) as unknown as Counting,
  );
  await thread.run('a');
  expect(await prune(thread.threadId)).toBe(0);
  expect(await thread.run('b')).toEqual(['a', 'one', 'b', 'one']);
});

async function everyCheckpointReads(thread: Thread): Promise<void> {
  const { checkpoints = [] } = await thread.rows();
  const ofThread = (checkpoints as { checkpoint_ns: string; checkpoint_id: string }[]).filter(
    (row) => row.checkpoint_ns === '',
  );
  for (const row of ofThread) expect((await thread.state(row.checkpoint_id)).values.labels).toContain('a');
}
