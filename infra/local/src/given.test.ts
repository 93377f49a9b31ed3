/**
 * Real     A Postgres of the process provider, then taken as given; a TCP server that accepts and never answers.
 * Decides  The provider chosen, the messages of refusals, and that the given server goes on.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKafka, startPostgres, startRegistry, type LocalPostgres } from './index.ts';
import { askPostgres } from './probes.ts';
import { processPostgres } from './process/postgres.ts';
import { temporaryDataDir } from './test-support.ts';

const data = temporaryDataDir();
const dataDir = data.path;
let postgres: LocalPostgres;
const silent = createServer();
let silentAddress: string;

beforeAll(async () => {
  postgres = await processPostgres({ dataDir });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  silentAddress = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
});
afterAll(async () => {
  silent.close();
  await postgres?.stop();
  data[Symbol.dispose]();
});

test('a given server is used, can get databases, and is neither hurt nor stopped', async () => {
  const given = await startPostgres({ dataDir, env: { DATABASE_URL: postgres.url } });
  expect(given.provider).toBe('given');
  expect(given.url).toBe(postgres.url);
  await askPostgres(await given.createDatabase());
  for (const fault of ['kill', 'freeze', 'thaw', 'restart'] as const) {
    await expect(given[fault]()).rejects.toThrow(/DATABASE_URL=.* is given: .*Unset DATABASE_URL/);
  }
  await given.stop();
  await askPostgres(postgres.url);
});

test('each server is given or started by itself, and an empty variable counts as unset', async () => {
  const env = { ...process.env, DATABASE_URL: '', KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: '127.0.0.1:1' };
  await using other = await startPostgres({ dataDir: `${dataDir}/other`, env });
  expect(other.provider).not.toBe('given');
});

test('a given server that is just starting is waited for', async () => {
  const own = temporaryDataDir();
  await using starting = await processPostgres({ dataDir: own.path });
  await starting.kill();
  const awaited: string[] = [];
  const taking = startPostgres({ dataDir, env: { DATABASE_URL: starting.url }, log: (line) => awaited.push(line) });
  await expect.poll(() => awaited).toEqual([expect.stringMatching(/^DATABASE_URL=.* is awaited/)]);
  await starting.restart();
  expect((await taking).url).toBe(starting.url);
});

test('a given server that refuses the login is not waited for', async () => {
  const url = new URL(postgres.url);
  url.pathname = '/there_is_none';
  await expect(startPostgres({ dataDir, env: { DATABASE_URL: url.href } })).rejects.toThrow(/does not exist/);
});

test('a given server that does not answer is an error which names the variable and hides the password', async () => {
  const url = `postgres://me:secret@${silentAddress}/db`;
  const starts = {
    DATABASE_URL: startPostgres({ dataDir, answerWithinMs: 0, env: { DATABASE_URL: url } }),
    KAFKA_BROKERS: startKafka({ dataDir, answerWithinMs: 0, env: { KAFKA_BROKERS: silentAddress } }),
    SCHEMA_REGISTRY_URL: startRegistry({
      dataDir,
      answerWithinMs: 0,
      env: { SCHEMA_REGISTRY_URL: `http://${silentAddress}/` },
    }),
  };
  const results = await Promise.allSettled(Object.values(starts));
  const messages = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'started'));
  for (const [index, variable] of Object.keys(starts).entries()) {
    expect(messages[index]).toContain(`${variable}=`);
    expect(messages[index]).toContain(`does not answer`);
    expect(messages[index]).toContain(`unset it to have one started`);
  }
  expect(messages[0]).toContain('postgres://me:***@');
  expect(messages.join()).not.toContain('secret');
});

test('a given server that is not up yet can be named without being asked', async () => {
  const kafka = await startKafka({ dataDir, autostart: false, env: { KAFKA_BROKERS: ' a:1, b:2 ' } });
  expect(kafka.brokers).toEqual(['a:1', 'b:2']);
  await expect(kafka.node(1).kill()).rejects.toThrow(/KAFKA_BROKERS=.* is given/);
  const registry = await startRegistry({ dataDir, autostart: false, env: { SCHEMA_REGISTRY_URL: 'http://r:1/v7/' } });
  expect(registry.url).toBe('http://r:1/v7');
});

test('servers run as processes unless the variable asks for containers, also where a container engine is there', async () => {
  const start = (RUNLANE_SERVERS: string) =>
    startPostgres({ dataDir, env: { ...process.env, DATABASE_URL: '', RUNLANE_SERVERS } });
  await expect(start('docker')).rejects.toThrow('RUNLANE_SERVERS is docker. It must be processes or containers.');
  await using other = await startPostgres({
    dataDir: `${dataDir}/by-default`,
    env: { ...process.env, DATABASE_URL: '', RUNLANE_SERVERS: '' },
  });
  expect(other.provider).toBe('process');
});
