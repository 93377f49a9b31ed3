/**
 * A run is executed by a process that has its graph, whichever process admits it.
 * Real: Kafka, Postgres, two run-consumers on one database whose langgraph.json have no graph in common. Decides: the
 * status topic.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assistantIdOfGraph } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { Database } from '@runlane/postgres';
import { openAssistants } from '@runlane/run-consumer/assistants';
import { eventually } from '@runlane/testkit';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const GRAPHS = fileURLToPath(new URL('../../../graphs/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'runlane-served-'));

let world: World;
let events: EventCollector;

function langGraphJson(graphs: Record<string, string>): { LANGGRAPH_CONFIG: string } {
  const file = join(directory, `${randomUUID()}.json`);
  const paths = Object.entries(graphs).map(([graphId, at]) => [graphId, `${GRAPHS}src/${at}`]);
  writeFileSync(file, JSON.stringify({ graphs: Object.fromEntries(paths) }));
  return { LANGGRAPH_CONFIG: file };
}

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  const both = [{ lane: 'lane.ts:graph' }, { other: 'lane.ts:graph' }];
  const services = both.map((graphs) => world.runConsumer(langGraphJson(graphs)));
  await Promise.all(services.map((service) => service.ready()));
  await eventually(async () => (await servedGraphs()).join() === 'lane,other', { what: 'both graphs are registered' });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

test('runs of either deployment succeed, by name and by UUID, whoever admits them', async () => {
  const names = ['lane', 'other', assistantIdOfGraph('lane'), assistantIdOfGraph('other').toUpperCase()];
  const runs = Array.from({ length: 40 }, (_, n) => ({
    runId: randomUUID(),
    threadId: `spread-${n}`,
    assistantId: names[n % names.length] ?? '',
  }));
  await world.publish(
    ...runs.map(({ runId, threadId, assistantId }) =>
      runCreate(threadId, { run_id: runId, assistant_id: assistantId }),
    ),
  );
  expect(await world.partitionsWithRecords()).toBeGreaterThan(1);
  for (const { runId } of runs)
    expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
});

test('an assistant can be created and used with the graph of another deployment', async () => {
  const created = await openAssistants(new Database(world.pool), ['lane']).create({
    graph_id: 'other',
    metadata: { team: 'a' },
  });
  if (created.kind !== 'created') throw new Error(JSON.stringify(created));
  const assistantId = created.assistant.assistantId;
  for (const threadId of ['one', 'two', 'three', 'four']) {
    expect(await run(`assistant-${threadId}`, assistantId)).toMatchObject({
      type: 'run.succeeded',
      graph_id: 'other',
      metadata: { team: 'a' },
    });
  }
});

test('a graph that no deployment has is an unknown assistant', async () => {
  for (const threadId of ['one', 'two', 'three', 'four']) {
    expect(await run(`nobody-${threadId}`, 'nobody')).toMatchObject({
      type: 'run.rejected',
      reason: 'unknown_assistant',
      error: { message: expect.stringMatching(/^No assistant nobody\. Known graphs: .*(lane, other|other, lane)\.$/) },
    });
  }
});

test('a run of a graph that was served earlier waits until a process serves it again', async () => {
  await world.pool.query(
    `insert into runlane.served_graphs (graph_id, served_at) values ('gone', now() - interval '1 hour')`,
  );
  const runId = randomUUID();
  await world.publish(runCreate('waits', { run_id: runId, assistant_id: 'gone' }));
  const isPending = async () =>
    (await world.pool.query(`select from runlane.runs where run_id = $1 and status = 'pending'`, [runId])).rowCount ===
    1;
  await eventually(isPending, { what: 'the run is admitted' });
  const isServing = world.runConsumer(langGraphJson({ gone: 'lane.ts:graph' }));
  await isServing.ready();
  expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded', graph_id: 'gone', attempt: 1 });
});

async function servedGraphs(): Promise<string[]> {
  const { rows } = await world.pool.query<{ graph_id: string }>(
    'select graph_id from runlane.served_graphs order by graph_id',
  );
  return rows.map((row) => row.graph_id);
}

async function run(threadId: string, assistantId: string): Promise<RunStatusEvent> {
  const runId = randomUUID();
  await world.publish(runCreate(threadId, { run_id: runId, assistant_id: assistantId }));
  return events.terminal(runId);
}
