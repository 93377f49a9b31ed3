/**
 * Real     Apicurio, of whichever provider.
 * Decides  What its Confluent API answers, and when.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRegistry, type LocalRegistry } from './index.ts';
import { processesNaming, temporaryDataDir } from './test-support.ts';

const data = temporaryDataDir();
let registry: LocalRegistry;

beforeAll(async () => {
  registry = await startRegistry({ dataDir: data.path });
});
afterAll(async () => {
  await registry?.stop();
  data[Symbol.dispose]();
});

async function subjects(patienceMs = 20_000): Promise<unknown> {
  const response = await fetch(`${registry.url}/subjects`, { signal: AbortSignal.timeout(patienceMs) });
  return response.json();
}

async function register(subject: string): Promise<void> {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' };
  const response = await fetch(`${registry.url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schemaType: 'JSON', schema: JSON.stringify(schema) }),
  });
  expect(response.status).toBe(200);
}

test('keeps a subject over a kill immediately after its registration', async () => {
  await register('kept');
  await registry.kill();
  await expect(subjects()).rejects.toThrow('fetch failed');
  await registry.restart();
  expect(await subjects()).toEqual(['kept']);
});

test('does not answer while it is frozen, and answers again afterwards', async () => {
  await registry.freeze();
  await expect(subjects(500)).rejects.toThrow(/timeout/);
  await registry.thaw();
  await subjects();
});

test('leaves no process when stopped', async () => {
  expect(processesNaming(data.path)).toHaveLength(registry.provider === 'process' ? 1 : 0);
  await registry.stop();
  expect(processesNaming(data.path)).toEqual([]);
});
