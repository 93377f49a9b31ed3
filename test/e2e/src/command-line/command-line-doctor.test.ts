/**
 * An operator asks why a deployment does not work. Real: the command line, Kafka, registry, Postgres, a run-consumer,
 * projects of graphs. Decides: the status of each check, and the words that say what to change.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { shellOf } from '../support/shell.ts';
import { MASTER_KEY } from '../webhooks/webhook-world.ts';
import { World, runCreate } from '../support/world.ts';

const GRAPHS = fileURLToPath(new URL('../../../graphs/langgraph.json', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'runlane-doctor-'));
let world: World;

beforeAll(async () => {
  const registryUrl = inject('registryUrl');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl });
  await world.registerContracts();
  await world.runConsumer().ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** The checks that are not fine, and the status of each check by its name. */
async function doctor(environment: Record<string, string> = {}, ...args: string[]) {
  const runlane = shellOf(world, {
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    RUNLANE_WEBHOOK_MASTER_KEY: MASTER_KEY,
    LANGGRAPH_CONFIG: GRAPHS,
    ...environment,
  });
  const { code, lines, output } = await runlane(['doctor', ...args]);
  const statuses = Object.fromEntries(lines.map(({ check, status }) => [String(check), status]));
  return { code, output, statuses, wrong: lines.filter(({ status }) => status === 'problem') };
}

test('every part of a healthy deployment is checked', async () => {
  await world.publish(runCreate(randomUUID()));
  const { statuses, wrong } = await doctor({}, '--no-graphs');
  expect(statuses).toMatchObject({
    Node: 'ok',
    configuration: 'ok',
    [`broker ${String(inject('kafkaBrokers')[0])}`]: 'ok',
    [`topic ${world.topics.requests}`]: 'ok',
    [`topic ${world.topics.status}`]: 'ok',
    [`topic ${world.topics.deadLetters}`]: 'ok',
    'partitioner of producers': 'ok',
    [`subject ${world.topics.requests}-RunCreate`]: 'ok',
    [`subject ${world.topics.requests}-RunCancel`]: 'ok',
    [`subject ${world.topics.status}-RunStatusEvent`]: 'ok',
    [`subject ${world.topics.webhookNotices}-WebhookNotice`]: 'ok',
    clocks: 'ok',
    'schema runlane': 'ok',
    'run-consumer': 'ok',
    'served graphs': 'ok',
    ledger: 'ok',
  });
  // No dispatcher has ever worked on this database.
  expect(wrong).toEqual([
    {
      check: 'schema webhooks',
      status: 'problem',
      detail: expect.stringMatching(/missing.*webhook-dispatcher.*runlane migrate/),
    },
  ]);
});

test('a producer with another partitioner is reported', async () => {
  const key = randomUUID();
  // One of two partitions is not the one of the key.
  await world.publish({ ...runCreate(key), partition: 0 }, { ...runCreate(key), partition: 1 });
  const { code, wrong } = await doctor({}, '--no-graphs');
  expect(code).toBe(2);
  expect(wrong).toContainEqual({
    check: 'partitioner of producers',
    status: 'problem',
    detail: expect.stringMatching(/are on other partitions than murmur2.*murmur2_random/),
  });
});

test('graphs are loaded as the services load them, with the reason for each that does not load', async () => {
  const file = join(folder, 'langgraph.json');
  const project = {
    graphs: { fine: './fine.ts:graph', broken: './broken.ts:graph', ending: './ending.ts:graph' },
    env: { GREETING: 'hello' },
  };
  writeFileSync(file, JSON.stringify(project));
  const langgraph = fileURLToPath(import.meta.resolve('@langchain/langgraph'));
  writeFileSync(
    join(folder, 'fine.ts'),
    `import { Annotation, StateGraph } from ${JSON.stringify(langgraph)};
    if (process.env.GREETING !== 'hello') throw new Error('no environment');
    enum Node { Only = 'only' }
    export const graph = new StateGraph(Annotation.Root({ a: Annotation<string> }))
      .addNode(Node.Only, () => ({ a: 'b' })).addEdge('__start__', Node.Only).compile();`,
  );
  writeFileSync(join(folder, 'broken.ts'), `throw new Error('the key of the model is missing');`);
  writeFileSync(join(folder, 'ending.ts'), `process.exit(7);`);
  const { code, output, statuses, wrong } = await doctor({ LANGGRAPH_CONFIG: file });
  expect({ code, fine: statuses['graph fine'], output }).toMatchObject({ code: 2, fine: 'ok' });
  expect(wrong.filter(({ check }) => String(check).startsWith('graph '))).toEqual([
    { check: 'graph broken', status: 'problem', detail: expect.stringContaining('the key of the model is missing') },
    {
      check: 'graph ending',
      status: 'problem',
      detail: expect.stringContaining('ended with code 7 while it was loading'),
    },
  ]);
});

test('a part that is away, empty or wrong is reported with what to change, and the other parts are still checked', async () => {
  const { code, output, statuses } = await doctor({
    KAFKA_BROKERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    DATABASE_URL: await createDatabase(inject('databaseUrl')),
    LANGGRAPH_CONFIG: join(folder, 'not-there.json'),
    RUNLANE_LEASE_SECONDS: 'six',
    RUNLANE_LEASE_SECOND: '6',
  });
  expect(code).toBe(2);
  expect(statuses).toMatchObject({
    configuration: 'problem',
    'broker 127.0.0.1:1': 'problem',
    [`subject ${world.topics.requests}-RunCreate`]: 'problem',
    'schema runlane': 'problem',
    graphs: 'problem',
  });
  expect(output).toMatch(/ECONNREFUSED.*Correct KAFKA_BROKERS/);
  expect(output).toMatch(/RUNLANE_LEASE_SECONDS/);
  expect(output).toMatch(/RUNLANE_LEASE_SECOND is unknown\./);
  expect(output).toMatch(/migrations are missing.*runlane migrate/);
  expect(output).toMatch(/not-there\.json/);
  expect(output).not.toContain(MASTER_KEY);
});
