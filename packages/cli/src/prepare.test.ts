/** The commands that prepare a deployment, on a real Kafka, registry and Postgres. */
import { randomUUID } from 'node:crypto';
import { topicNames } from '@runlane/contracts';
import { connectKafka, registerSchemas } from '@runlane/kafka';
import { createDatabase, silentLogger } from '@runlane/testkit';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { contractSubjects } from './deployment.ts';
import { runProgram } from './program.ts';

async function run(args: string[], environment: Record<string, string>) {
  const written = { out: '', err: '' };
  const code = await runProgram(args, {
    environment,
    devEnvFile: '/dev/null/dev.env',
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
    isTerminal: false,
  });
  const lines = written.out.split('\n').filter((line) => line.startsWith('{'));
  return { code, err: written.err, lines: lines.map((line): Record<string, unknown> => JSON.parse(line)) };
}

function addresses(): Record<string, string> {
  return {
    KAFKA_BROKERS: inject('kafkaBrokers').join(','),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    RUNLANE_TOPIC_PREFIX: `cli-${randomUUID()}.`,
  };
}

test('topics plan shows what apply does, and check finds nothing afterwards', async () => {
  const environment = addresses();
  const topics = topicNames(environment['RUNLANE_TOPIC_PREFIX'] ?? '');
  const admin = await connectKafka({ brokers: inject('kafkaBrokers'), clientId: 'cli', logger: silentLogger }).admin();
  const config = {
    'cleanup.policy': 'compact',
    'max.message.bytes': '1000000',
    'retention.ms': '-1',
    'segment.ms': '60000',
  };
  await admin.createTopics([{ name: topics.status, partitions: 3, config }]);

  const planned = await run(['topics', 'plan'], environment);
  expect(planned).toMatchObject({
    code: 0,
    lines: [
      { topic: topics.requests, plan: 'create' },
      {
        topic: topics.status,
        plan: 'change',
        changes: [
          { setting: 'cleanup.policy', from: 'compact', to: 'delete' },
          { setting: 'max.message.bytes', from: '1000000', to: '8388608' },
        ],
        warnings: [expect.stringContaining('3 partitions')],
      },
      { topic: topics.webhookNotices, plan: 'create' },
      { topic: topics.deadLetters, plan: 'create' },
    ],
  });
  expect(await run(['topics', 'check'], environment)).toMatchObject({
    code: 2,
    err: expect.stringContaining('4 topics are missing or have wrong settings'),
  });
  expect(await run(['topics', 'apply'], environment)).toEqual(planned);
  expect((await run(['topics', 'check'], environment)).code).toBe(0);
  const changed = await admin.describeTopic(topics.status);
  expect(changed?.config.get('cleanup.policy')).toBe('delete');
  // What somebody has set himself stays.
  expect([changed?.config.get('segment.ms'), changed?.config.get('retention.ms')]).toEqual(['60000', '-1']);
  await admin.close();
});

test('schemas check lists what is missing, older and incompatible', async () => {
  const environment = addresses();
  const kinds = async () => {
    const { code, lines } = await run(['schemas', 'check'], environment);
    return [code, ...lines.map(({ kind }) => kind)];
  };
  expect(await kinds()).toEqual([2, 'missing', 'missing', 'missing', 'missing']);
  const [create, cancel] = contractSubjects(environment['RUNLANE_TOPIC_PREFIX'] ?? '');
  if (create === undefined || cancel === undefined) throw new Error('There are no subjects.');
  // An earlier version did not know an optional field yet.
  const older = structuredClone(create.schema);
  if ('properties' in older) Reflect.deleteProperty(older.properties as object, 'durability');
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', additionalProperties: false };
  await registerSchemas({
    registryUrl: inject('registryUrl'),
    subjects: [
      { ...create, schema: older },
      { ...cancel, schema: { ...schema, properties: { thread_id: { type: 'number' } } } },
    ],
  });
  expect(await kinds()).toEqual([2, 'newer', 'incompatible', 'missing', 'missing']);
  const fresh = addresses();
  await run(['schemas', 'register'], fresh);
  const checked = await run(['schemas', 'check'], fresh);
  expect([checked.code, checked.err]).toEqual([0, '']);
});

test('a command says immediately which permission its role lacks', async () => {
  const owner = await createDatabase(inject('databaseUrl'));
  const url = new URL(owner);
  const role = `limited_${randomUUID().slice(0, 8)}`;
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query(`create role ${role} login password 'limited'`);
    Object.assign(url, { username: role, password: 'limited' });
    expect(await run(['migrate'], { DATABASE_URL: url.href })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/was not migrated: .*permission denied.*\. Use the role that owns the tables/s),
    });
    await run(['migrate'], { DATABASE_URL: owner });
    expect(await run(['runs', 'list'], { DATABASE_URL: url.href })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/permission denied for schema runlane\. Use the role of the services/),
    });
  } finally {
    await client.query(`drop role ${role}`);
    await client.end();
  }
});

test('migrate makes the tables of both services and of LangGraph, and refuses the database of another deployment', async () => {
  const environment = { DATABASE_URL: await createDatabase(inject('databaseUrl')), RUNLANE_TOPIC_PREFIX: 'one.' };
  expect(await run(['migrate'], environment)).toMatchObject({ code: 0, err: '' });
  expect(await run(['migrate'], environment)).toMatchObject({ code: 0, lines: [{ webhook_migrations: [] }] });
  expect(await run(['runs', 'list'], environment)).toMatchObject({ code: 0, lines: [] });
  expect(await run(['threads', 'list'], environment)).toMatchObject({ code: 0, lines: [] });
  expect(await run(['migrate'], { ...environment, RUNLANE_TOPIC_PREFIX: 'two.' })).toMatchObject({
    code: 1,
    err: expect.stringMatching(/was not migrated: .*RUNLANE_TOPIC_PREFIX="one\."/),
  });
});
