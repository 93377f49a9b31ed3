/**
 * A setting of langgraph.json is obeyed, refused, or reported as ignored; never ignored in silence.
 * Real: Kafka, Postgres (without pgvector), the process. Decides: its log, its end and the events.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@runlane/testkit';
import { afterAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const GRAPHS = fileURLToPath(new URL('../../../graphs/', import.meta.url));
const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

const directory = mkdtempSync(join(tmpdir(), 'runlane-json-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A langgraph.json with the test graph `notes` and further keys. */
function langGraphJson(keys: Record<string, unknown>): { LANGGRAPH_CONFIG: string } {
  const file = join(directory, `${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify({ graphs: { notes: `${GRAPHS}src/notes.ts:graph` }, ...keys }));
  return { LANGGRAPH_CONFIG: file };
}

const index = (embed: string) => ({ store: { index: { dims: 3, embed } } });

test.concurrent('store.index on a Postgres without pgvector ends the service, which says what to install', async () => {
  await using world = await World.create(servers());
  const service = world.runConsumer(langGraphJson(index(`${GRAPHS}src/embed.ts:embed`)));
  expect(await service.exited).toBe(1);
  expect(JSON.stringify(service.logs)).toContain('Install pgvector on the server of DATABASE_URL');
});

test.concurrent('an embedding provider that only LangGraph has ends the service, which says what to write instead', async () => {
  await using world = await World.create(servers());
  const service = world.runConsumer(langGraphJson(index('openai:text-embedding-3-small')));
  expect(await service.exited).toBe(1);
  expect(JSON.stringify(service.logs)).toContain('./path/to/file.ts:exportName');
});

test.concurrent('keys that Runlane ignores are logged once, and items are kept for other threads until they expire', async () => {
  await using world = await World.create(servers());
  const events = await world.collectEvents();
  const service = world.runConsumer(
    langGraphJson({ auth: {}, http: {}, store: { ttl: { default_ttl: 5, sweep_interval_minutes: 0.002 } } }),
  );
  await service.ready();
  expect(service.logs.filter(({ keys }) => keys !== undefined)).toMatchObject([
    { level: 'warn', keys: ['auth', 'http'] },
  ]);

  const found = async (threadId: string, input: object) => {
    const runId = randomUUID();
    await world.publish(runCreate(threadId, { run_id: runId, assistant_id: 'notes', input }));
    return (await events.terminal(runId)).values;
  };
  expect(await found('one', { note: 'the door is blue', question: 'door' })).toMatchObject({
    found: ['the door is blue'],
  });
  expect(await found('two', { note: '', question: 'door' })).toMatchObject({ found: ['the door is blue'] });

  await world.pool.query(`update store set expires_at = now() - interval '1 second'`);
  await eventually(async () => (await world.pool.query('select from store')).rowCount === 0, {
    what: 'the item is swept',
  });
});
