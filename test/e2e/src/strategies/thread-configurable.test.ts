/**
 * A thread's `configurable` carries over to its later runs, above the assistant's and below the run's, in the order of
 * the log; a rollback undoes what its run has added. Real: Kafka, Postgres, the process. Decides: what a graph was
 * given, as its values show.
 */
import { randomUUID } from 'node:crypto';
import { Database } from '@runlane/postgres';
import { openAssistants } from '@runlane/run-consumer/assistants';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;
beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  await world.runConsumer().ready();
});
afterAll(() => world[Symbol.asyncDispose]());

const LABELLED = { assistant_id: 'builder', input: { label: 'x' } };
const inColour = (colour: string) => ({ config: { configurable: { colour } } });

async function publish(threadId: string, request: object): Promise<string> {
  const runId = randomUUID();
  await world.publish(runCreate(threadId, { run_id: runId, ...LABELLED, ...request }));
  return runId;
}

async function colourOf(runId: string): Promise<unknown> {
  const { values } = await events.terminal(runId);
  return (values as { seen: { colour?: unknown } }).seen.colour;
}

test('a run has the values of earlier runs of its thread beneath its own; other threads do not have them', async () => {
  const thread = randomUUID();
  const runs = [
    await publish(thread, {}),
    await publish(thread, inColour('red')),
    await publish(thread, {}),
    await publish(thread, { config: { configurable: { size: 1 } } }),
    await publish(thread, inColour('green')),
    await publish(thread, {}),
  ];
  const colours = [];
  for (const runId of runs) colours.push(await colourOf(runId));
  expect(colours).toEqual([undefined, 'red', 'red', 'red', 'green', 'green']);
  expect(await colourOf(await publish(randomUUID(), {}))).toBeUndefined();
});

test("the assistant's values are beneath the thread's, and stay with the thread", async () => {
  const created = await openAssistants(new Database(world.pool), ['builder']).create({
    graph_id: 'builder',
    ...inColour('of the assistant'),
  });
  if (created.kind !== 'created') throw new Error(JSON.stringify(created));
  const { assistantId } = created.assistant;
  const fresh = randomUUID();
  expect(await colourOf(await publish(fresh, { assistant_id: assistantId }))).toBe('of the assistant');
  expect(await colourOf(await publish(fresh, {}))).toBe('of the assistant');
  const painted = randomUUID();
  await colourOf(await publish(painted, inColour('of the thread')));
  expect(await colourOf(await publish(painted, { assistant_id: assistantId }))).toBe('of the thread');
});

test('a run that is rolled back adds nothing', async () => {
  const thread = randomUUID();
  await colourOf(await publish(thread, inColour('before')));
  const held = await publish(thread, {
    assistant_id: 'lane',
    input: { label: 'a', ms: 60_000 },
    ...inColour('undone'),
  });
  await events.first(held, 'run.running');
  const after = await publish(thread, { multitask_strategy: 'rollback' });
  expect(await events.terminal(held)).toMatchObject({ type: 'run.rolled_back' });
  expect(await colourOf(after)).toBe('before');
});
