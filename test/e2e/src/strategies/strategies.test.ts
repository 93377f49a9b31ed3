/**
 * Every multitask strategy and every cancel against a graph that is held while it runs. The matrix tests cover states,
 * crashes and rebalances; this file shows what each strategy and cancel does. Real: Kafka, Postgres, the process and
 * its graphs. Decides: the events, LangGraph's tables, and the lines that the graphs leave outside of Runlane.
 */
import { randomUUID } from 'node:crypto';
import { isTerminalEventType, threadIdOfStatelessRun } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector, TopicReader } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { World, runCancel, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;
let deadLetters: TopicReader;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  [events, deadLetters] = await Promise.all([world.collectEvents(), world.readDeadLetters()]);
  await world.runConsumer().ready();
});
afterAll(() => world[Symbol.asyncDispose]());

const gated = (runId: string, gate: string, request: Record<string, unknown> = {}) => ({
  assistant_id: 'gate',
  run_id: runId,
  input: { label: 'held', ms: 0, gate },
  ...request,
});
const open = (runId: string, request: Record<string, unknown> = {}) => ({
  assistant_id: 'gate',
  run_id: runId,
  input: { label: 'open', ms: 0, gate: '' },
  ...request,
});

/** A run that stands in the first of its two supersteps until its gate is opened. */
async function heldRun(): Promise<{ thread: string; running: string; openGate: () => void }> {
  const [thread, running, gate] = [randomUUID(), randomUUID(), world.gate()];
  await world.publish(runCreate(thread, gated(running, gate.file)));
  await eventually(() => lines(running).includes('first start'), { what: 'the held run has started' });
  return { thread, running, openGate: gate.open };
}

/** What the run's nodes have left outside of Runlane. */
const lines = (runId: string) =>
  world
    .sideEffects()
    .filter((line) => line.run_id === runId)
    .map(({ node, at }) => `${node} ${at}`);

const typesOf = async (runId: string) => (await events.eventsOfRun(runId)).map(({ type }) => type);

async function checkpointsOf(runId: string): Promise<number> {
  const { rows } = await world.pool.query<{ count: string }>(
    `select count(*) from checkpoints where metadata ->> 'run_id' = $1`,
    [runId],
  );
  return Number(rows[0]?.count);
}

/** I9: nothing of the successor happens before the last line of the run that it superseded. */
function expectNoOverlap(thread: string): void {
  const executing = new Set<string>();
  for (const { run_id: runId, thread_id: id, at } of world.sideEffects()) {
    if (id !== thread) continue;
    if (at === 'start') executing.add(runId);
    else executing.delete(runId);
    expect(executing.size).toBeLessThanOrEqual(1);
  }
}

describe('against a running run', () => {
  test('reject is refused and names the running run; after its end the same request is accepted', async () => {
    const { thread, running, openGate } = await heldRun();
    const [refused, accepted] = [randomUUID(), randomUUID()];
    await world.publish(runCreate(thread, open(refused, { multitask_strategy: 'reject' })));
    expect(await events.terminal(refused)).toMatchObject({
      type: 'run.rejected',
      status: 'rejected',
      reason: 'thread_busy',
      blocked_by: running,
      thread_status: 'busy',
      error: { error: 'thread_busy', message: expect.stringContaining(running) as unknown },
    });
    openGate();
    expect(await events.terminal(running)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
    await world.publish(runCreate(thread, open(accepted, { multitask_strategy: 'reject' })));
    expect(await events.terminal(accepted)).toMatchObject({ type: 'run.succeeded' });
  });

  test('enqueue waits for it', async () => {
    const { thread, running, openGate } = await heldRun();
    const next = randomUUID();
    await world.publish(runCreate(thread, open(next)));
    await events.first(next, 'run.pending');
    expect(await typesOf(next)).toEqual(['run.pending']);
    openGate();
    expect(await events.terminal(next)).toMatchObject({ type: 'run.succeeded' });
    expect(await events.terminal(running)).toMatchObject({ type: 'run.succeeded', thread_status: 'busy' });
    expectNoOverlap(thread);
  });

  test('interrupt stops it, keeps its work, and starts when it has stopped', async () => {
    const { thread, running } = await heldRun();
    const next = randomUUID();
    await world.publish(runCreate(thread, open(next, { multitask_strategy: 'interrupt' })));
    expect(await events.terminal(running)).toMatchObject({
      type: 'run.interrupted',
      status: 'interrupted',
      reason: 'superseded',
      superseded_by: next,
      thread_status: 'busy',
      next: ['first'],
      values: { label: 'held' },
      sequence: 3,
      error: null,
    });
    expect(await events.terminal(next)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
    expect(lines(running)).toEqual(['first start', 'first end']);
    expect(await checkpointsOf(running)).toBeGreaterThan(0);
    expectNoOverlap(thread);
  });

  test('rollback stops it, and leaves nothing of it', async () => {
    const { thread, running } = await heldRun();
    const next = randomUUID();
    await eventually(async () => (await checkpointsOf(running)) > 0, { what: 'it has written a checkpoint' });
    await world.publish(runCreate(thread, open(next, { multitask_strategy: 'rollback' })));
    expect(await events.terminal(running)).toMatchObject({
      type: 'run.rolled_back',
      status: 'rollback',
      reason: 'superseded',
      superseded_by: next,
      thread_status: 'busy',
      checkpoint_id: null,
      values: null,
    });
    expect(await events.terminal(next)).toMatchObject({ type: 'run.succeeded', values: { label: 'open' } });
    expect(await checkpointsOf(running)).toBe(0);
    expectNoOverlap(thread);
  });

  test.each(['interrupt', 'rollback'])('of a burst of five with %s only the last one runs', async (strategy) => {
    const { thread, running } = await heldRun();
    const waiting = randomUUID();
    const burst = Array.from({ length: 5 }, () => randomUUID() as string);
    await world.publish(
      runCreate(thread, open(waiting)),
      ...burst.map((runId) => runCreate(thread, open(runId, { multitask_strategy: strategy }))),
    );
    const last = burst[4] ?? '';
    expect(await events.terminal(last)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
    const ended = await Promise.all([running, waiting, ...burst.slice(0, 4)].map((runId) => events.terminal(runId)));
    const type = strategy === 'interrupt' ? 'run.interrupted' : 'run.rolled_back';
    expect(ended.map((event) => [event.type, event.superseded_by])).toEqual([
      [type, burst[0]],
      [type, burst[0]],
      ...[1, 2, 3, 4].map((index) => [type, burst[index]]),
    ]);
    for (const runId of [waiting, ...burst.slice(0, 4)]) {
      expect(await typesOf(runId)).toEqual(['run.pending', type]);
      expect(lines(runId)).toEqual([]);
    }
    expectNoOverlap(thread);
  });
});

describe('a cancel', () => {
  test.each([
    ['interrupt', 'run.interrupted', 'interrupted'],
    ['rollback', 'run.rolled_back', 'idle'],
  ])('of a running run with %s ends it, and runs what waited', async (action, type, rests) => {
    const { thread, running } = await heldRun();
    const [waiting, alone] = [randomUUID(), await heldRun()];
    await world.publish(runCreate(thread, open(waiting)), runCancel(thread, { run_id: running, action }));
    expect(await events.terminal(running)).toMatchObject({
      type,
      reason: 'cancelled',
      superseded_by: null,
      thread_status: 'busy',
    });
    expect(await events.terminal(waiting)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
    await world.publish(runCancel(alone.thread, { run_id: alone.running, action }));
    expect(await events.terminal(alone.running)).toMatchObject({ type, thread_status: rests });
  });

  test.each([
    ['interrupt', 'run.interrupted'],
    ['rollback', 'run.rolled_back'],
  ])('of all runs of a thread with %s ends running, waiting and scheduled runs', async (action, type) => {
    const { thread, running } = await heldRun();
    const [waiting, scheduled, after] = [randomUUID(), randomUUID(), randomUUID()];
    await world.publish(
      runCreate(thread, open(waiting)),
      runCreate(thread, open(scheduled, { after_seconds: 60 })),
      runCancel(thread, { action }),
      runCreate(thread, open(after)),
    );
    const ended = await Promise.all([running, waiting, scheduled].map((runId) => events.terminal(runId)));
    expect(ended.map((event) => [event.type, event.reason])).toEqual(ended.map(() => [type, 'cancelled']));
    expect(await events.terminal(after)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
    expect([waiting, scheduled].flatMap((runId) => lines(runId))).toEqual([]);
    expect((await checkpointsOf(running)) > 0).toBe(action === 'interrupt');
  });

  test('of a stateless run ends it; of an ended run, or an idle or unknown thread, does nothing', async () => {
    const [stateless, finished, idle] = [randomUUID(), randomUUID(), randomUUID()];
    const gate = world.gate();
    const request = { ...gated(stateless, gate.file), thread_id: null };
    await world.publish({ key: stateless, value: Buffer.from(JSON.stringify(request)), headers: {} });
    await eventually(() => lines(stateless).includes('first start'), { what: 'the stateless run has started' });
    await world.publish(runCreate(idle, open(finished)));
    await events.terminal(finished);
    const cancel = runCancel(stateless, { thread_id: null, run_id: stateless });
    await world.publish(runCancel(idle, { run_id: finished }), runCancel(idle), runCancel(randomUUID()), cancel);
    expect(await events.terminal(stateless)).toMatchObject({
      type: 'run.interrupted',
      thread_id: threadIdOfStatelessRun(stateless),
      thread_status: null,
      checkpoint_id: null,
    });
    expect(await typesOf(finished)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
  });

  test('of a run that does not exist, or is on another thread, is a dead letter', async () => {
    const [thread, other, runId] = [randomUUID(), randomUUID(), randomUUID()];
    await world.publish(runCreate(thread, open(runId)), runCreate(other, open(randomUUID())));
    await events.terminal(runId);
    await world.publish(runCancel(other, { run_id: runId }), runCancel(thread, { run_id: randomUUID() }));
    const keys = new Set<string>([thread, other]);
    const ours = () => deadLetters.records.filter(({ key }) => keys.has(key?.toString() ?? ''));
    await eventually(() => ours().length >= 2, { what: 'two dead letters' });
    expect(ours().map(({ headers }) => String(headers.get('dlq.error.code')))).toEqual(['unknown_run', 'unknown_run']);
  });
});

describe("the double-texting examples of LangGraph's guides", () => {
  const ask = (runId: string, text: string, gate: string, request: Record<string, unknown> = {}) => ({
    assistant_id: 'weather',
    run_id: runId,
    input: { messages: [{ role: 'user', content: text }], gate },
    ...request,
  });

  async function doubleText(strategy: string): Promise<RunStatusEvent> {
    const [thread, first, second, gate] = [randomUUID(), randomUUID(), randomUUID(), world.gate()];
    await world.publish(runCreate(thread, ask(first, "what's the weather in sf?", gate.file)));
    await eventually(() => lines(first).includes('answer start'), { what: 'the first answer is under way' });
    await world.publish(
      runCreate(thread, ask(second, "what's the weather in nyc?", '', { multitask_strategy: strategy })),
    );
    return events.terminal(second);
  }

  const messagesOf = ({ values }: RunStatusEvent) =>
    (values as { messages: { type: string; content: string }[] }).messages.map(({ type, content }) => [type, content]);

  const second = [
    ['human', "what's the weather in nyc?"],
    ['ai', ''],
    ['tool', 'sunny'],
    ['ai', 'It is sunny.'],
  ];

  test('interrupt keeps the work of the first run, without its answer', async () => {
    expect(messagesOf(await doubleText('interrupt'))).toEqual([
      ['human', "what's the weather in sf?"],
      ['ai', ''],
      ['tool', 'sunny'],
      ...second,
    ]);
  });

  test('rollback shows the second message only', async () => {
    expect(messagesOf(await doubleText('rollback'))).toEqual(second);
  });
});

test('every run of this file has ended once, and its sequence has no gaps', async () => {
  const byRun = Map.groupBy(await events.events(), ({ run_id: runId }) => runId);
  const told = [...byRun.values()].map((all) => ({
    run: all[0]?.run_id,
    ends: all.filter(({ type }) => isTerminalEventType(type)).length,
    sequences: all.map(({ sequence }) => sequence),
  }));
  expect(told).toEqual(
    told.map(({ run, sequences }) => ({ run, ends: 1, sequences: sequences.map((_sequence, index) => index + 1) })),
  );
});
