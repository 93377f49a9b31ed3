/**
 * A paused run is answered through Kafka, and answers that make no sense are refused.
 * Real: Kafka, Postgres, the process and its graphs. Decides: the status topic.
 */
import { randomUUID } from 'node:crypto';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Gate } from '../faults/fault-load.ts';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  await world.runConsumer().ready();
});

afterAll(() => world[Symbol.asyncDispose]());

type Request = Record<string, unknown>;

/** Publishes the requests at once and resolves with how they ended, in their order. */
async function runAll(threadId: string, ...requests: Request[]): Promise<RunStatusEvent[]> {
  const asked = requests.map((request) => ({ run_id: randomUUID(), ...request }));
  await world.publish(...asked.map((request) => runCreate(threadId, { input: null, ...request })));
  return Promise.all(asked.map(({ run_id }) => events.terminal(run_id)));
}

async function run(threadId: string, request: Request): Promise<RunStatusEvent> {
  const [ended] = await runAll(threadId, request);
  if (ended === undefined) throw new Error('Nothing was published.');
  return ended;
}

/** A thread whose run of the graph has paused, and the ids of its questions. */
async function pausedThread(graph: string): Promise<{ threadId: string; idOf: (question: string) => string }> {
  const threadId = `${graph}-${randomUUID()}`;
  const paused = await run(threadId, { assistant_id: graph, input: { labels: ['in'] } });
  expect(paused).toMatchObject({ type: 'run.paused', status: 'success', thread_status: 'interrupted' });
  const pending = paused.interrupts ?? [];
  return { threadId, idOf: (question) => pending.find(({ value }) => value === question)?.id ?? '' };
}

const resume = (graph: string, answer: unknown, more: Request = {}): Request => ({
  assistant_id: graph,
  command: { resume: answer },
  ...more,
});

test('a stray message does not abandon an open question: it is refused on arrival or at its turn, unless it says that it is meant', async () => {
  using gate = new Gate();
  const threadId = `parallel-${randomUUID()}`;
  const asking = { assistant_id: 'parallel', input: { labels: ['in'], gate: gate.path } };
  const paused = await run(threadId, asking);
  expect(paused).toMatchObject({ type: 'run.paused', abandoned_interrupts: null, usage: null });
  const idOf = (question: string) => paused.interrupts?.find(({ value }) => value === question)?.id ?? '';

  const stray = { ...asking, run_id: randomUUID(), if_thread_status: ['idle', 'busy'] };
  expect(await run(threadId, { ...stray, run_id: randomUUID() })).toMatchObject({
    type: 'run.rejected',
    reason: 'thread_status',
    thread_status: 'interrupted',
    error: { error: 'thread_status', thread_status: 'interrupted' },
  });

  const answering = run(threadId, { assistant_id: 'parallel', command: { resume: { [idOf('gated?')]: 1 } } });
  await world.publish(runCreate(threadId, stray));
  await eventually(async () => (await events.events()).some((event) => event.run_id === stray.run_id), {
    what: 'the stray message is admitted behind the answer',
  });
  gate.open();
  expect(await answering).toMatchObject({ type: 'run.paused' });
  expect(await events.terminal(stray.run_id)).toMatchObject({
    type: 'run.failed',
    reason: 'thread_status',
    thread_status: 'interrupted',
    error: { error: 'thread_status', thread_status: 'interrupted' },
  });

  const meant = await run(threadId, { ...asking, if_thread_status: ['interrupted'] });
  expect(meant).toMatchObject({ type: 'run.paused', abandoned_interrupts: [idOf('free?')] });
});

test('a paused run reports its questions, and one answer continues the thread to its end', async () => {
  const threadId = `pause-${randomUUID()}`;
  const paused = await run(threadId, { assistant_id: 'parallel', input: { labels: ['in'] } });
  expect(paused).toMatchObject({ type: 'run.paused', next: ['free', 'gated'] });
  expect(paused.interrupts).toEqual([
    { id: expect.stringMatching(/^[0-9a-f]{32}$/), value: 'free?' },
    { id: expect.stringMatching(/^[0-9a-f]{32}$/), value: 'gated?' },
  ]);
  expect(await run(threadId, resume('parallel', 'a'))).toMatchObject({
    type: 'run.succeeded',
    thread_status: 'idle',
    values: { labels: ['in', 'free? "a"', 'gated? "a"', 'joined'] },
    interrupts: [],
  });
});

test('an answer by id leaves the other question pending, and the run pauses again', async () => {
  const { threadId, idOf } = await pausedThread('parallel');
  const first = await run(threadId, resume('parallel', { [idOf('free?')]: false }));
  expect(first).toMatchObject({
    type: 'run.paused',
    next: ['gated'],
    interrupts: [{ id: idOf('gated?'), value: 'gated?' }],
  });
  const second = await run(threadId, resume('parallel', { [idOf('gated?')]: 0 }));
  expect(second).toMatchObject({ values: { labels: ['in', 'free? false', 'gated? 0', 'joined'] } });
});

test('a subgraph and the node beside it pause at once, and the subgraph once more', async () => {
  const { threadId, idOf } = await pausedThread('nested');
  const first = await run(threadId, resume('nested', { [idOf('one?')]: 1, [idOf('gated?')]: 2 }));
  expect(first).toMatchObject({ type: 'run.paused', next: ['inner'], interrupts: [{ value: 'two?' }] });
  const second = await run(threadId, resume('nested', 3));
  expect(second).toMatchObject({ type: 'run.succeeded', values: { labels: ['in', 'gated? 2', 'one? 1', 'two? 3'] } });
});

test('a node that asks twice gets two answers', async () => {
  const { threadId } = await pausedThread('twice');
  const first = await run(threadId, resume('twice', 1));
  expect(first).toMatchObject({ type: 'run.paused', next: ['asking'], interrupts: [{ value: 'second?' }] });
  const second = await run(threadId, resume('twice', 2));
  expect(second).toMatchObject({ type: 'run.succeeded', values: { labels: ['in', 'first? 1', 'second? 2', 'after'] } });
});

describe('of two answers that are published at once', () => {
  test('the first one counts, and the second is refused', async () => {
    const { threadId } = await pausedThread('parallel');
    const [first, second] = await runAll(threadId, resume('parallel', 'a'), resume('parallel', 'b'));
    expect(first).toMatchObject({
      type: 'run.succeeded',
      values: { labels: ['in', 'free? "a"', 'gated? "a"', 'joined'] },
    });
    expect(second).toMatchObject({
      type: 'run.failed',
      status: 'error',
      reason: 'nothing_to_resume',
      error: { error: 'nothing_to_resume', message: expect.stringMatching(/no interrupt is pending/) },
    });
    const after = await run(threadId, { assistant_id: 'parallel' });
    expect(after).toMatchObject({ values: { labels: ['in', 'free? "a"', 'gated? "a"', 'joined'] } });
  });

  test('the second goes to the next question, if there is one by then', async () => {
    const { threadId } = await pausedThread('twice');
    const [first, second] = await runAll(threadId, resume('twice', 1), resume('twice', 2));
    expect(first).toMatchObject({ type: 'run.paused' });
    expect(second).toMatchObject({ values: { labels: ['in', 'first? 1', 'second? 2', 'after'] } });
  });

  test('the second is refused by the id of the first question', async () => {
    const { threadId, idOf } = await pausedThread('twice');
    const id = idOf('first?');
    const [first, second] = await runAll(threadId, resume('twice', { [id]: 1 }), resume('twice', { [id]: 2 }));
    expect(first).toMatchObject({ type: 'run.paused', interrupts: [{ value: 'second?' }] });
    expect(second).toMatchObject({ type: 'run.failed', reason: 'nothing_to_resume' });
  });
});

test('an answer that waits behind the run that pauses is accepted, because the moment of its start counts', async () => {
  const threadId = `queued-${randomUUID()}`;
  const [first, second] = await runAll(
    threadId,
    { assistant_id: 'parallel', input: { labels: ['in'] } },
    resume('parallel', 'a'),
  );
  expect(first).toMatchObject({ type: 'run.paused', thread_status: 'busy' });
  expect(second).toMatchObject({ type: 'run.succeeded' });
});

test('an answer to a thread that never ran is a run that starts and fails', async () => {
  const runId = randomUUID();
  const ended = await run(`empty-${runId}`, resume('parallel', 'a', { run_id: runId }));
  expect(ended).toMatchObject({ type: 'run.failed', reason: 'nothing_to_resume', attempt: 1, thread_status: 'error' });
  const types = (await events.eventsOfRun(runId)).map(({ type }) => type);
  expect(types).toEqual(['run.pending', 'run.running', 'run.failed']);
});

test('update and goto work without a question, and unknown nodes are refused', async () => {
  const threadId = `goto-${randomUUID()}`;
  const begun = await run(threadId, {
    assistant_id: 'parallel',
    command: { update: { labels: ['seed'] }, goto: 'aside' },
  });
  expect(begun).toMatchObject({ type: 'run.succeeded', values: { labels: ['seed', 'aside'] } });
  const sent = { goto: [{ node: 'aside', input: { labels: [] } }, 'joined'] };
  expect(await run(threadId, { assistant_id: 'parallel', command: sent })).toMatchObject({
    values: { labels: ['seed', 'aside', 'joined', 'aside'] },
  });
  expect(await run(threadId, { assistant_id: 'parallel', command: { goto: 'nowhere' } })).toMatchObject({
    type: 'run.failed',
    reason: 'unknown_node',
  });
});

test('I8: an answer that is rolled back while its node works on it is as if it had never been given', async () => {
  using gate = new Gate();
  const threadId = `rollback-${randomUUID()}`;
  await run(threadId, { assistant_id: 'parallel', input: { labels: ['in'], gate: gate.path } });
  const withdrawn = randomUUID();
  await world.publish(runCreate(threadId, { run_id: withdrawn, input: null, ...resume('parallel', 'withdrawn') }));
  await eventually(() => world.nodesExecuted(threadId).length === 2, { what: 'both nodes work on the answer' });
  const meant = run(threadId, resume('parallel', 'meant', { multitask_strategy: 'rollback' }));
  expect(await events.terminal(withdrawn)).toMatchObject({ type: 'run.rolled_back' });
  gate.open();
  const settled = await meant;
  expect(settled).toMatchObject({
    type: 'run.succeeded',
    values: { labels: ['in', 'free? "meant"', 'gated? "meant"', 'joined'] },
  });
});

test('the journal of finished runs is empty', async () => {
  const { threadId } = await pausedThread('twice');
  const { run_id: runId } = await run(threadId, resume('twice', 1));
  expect((await world.pool.query('select from runlane.foreign_writes where run_id = $1', [runId])).rowCount).toBe(0);
});
