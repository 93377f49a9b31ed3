import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startRegistry } from '@runlane/local';
import { RetryableError } from '@runlane/service-kit/errors';
import { silentLogger } from '@runlane/service-kit/testing';
import { expect, test } from 'vitest';
import { registerSchemas } from './register-schemas.ts';
import { createValueCodec } from './value-codec.ts';

/** Real: the codec and a registry of this file's own, which is killed and started again; doubled: nothing. */
test('known ids and subjects outlive an outage of the registry, unknown ones wait for its end', async () => {
  const dataDir = join(tmpdir(), `runlane-registry-outage-${randomUUID()}`);
  const removal = { [Symbol.dispose]: (): void => removeLocalData(dataDir) };
  using _ = removal;
  await using registry = await startRegistry({ dataDir, env: { ...process.env, SCHEMA_REGISTRY_URL: '' } });
  const subjects = ['known', 'new'].map((name) => ({
    subject: `topic-${name}`,
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { [name]: { type: 'string' } },
    },
    compatibility: 'FORWARD_TRANSITIVE' as const,
  }));
  await registerSchemas({ registryUrl: registry.url, subjects });
  const open = (): ReturnType<typeof createValueCodec> =>
    createValueCodec({ registryUrl: registry.url, logger: silentLogger });
  const json = Buffer.from('{}');
  const codec = open();
  const known = await codec.frame('topic', 'known', json);
  const fresh = await open().frame('topic', 'new', json);

  await registry.kill();
  expect(await codec.unframe(known)).toEqual(json);
  expect(await codec.frame('topic', 'known', json)).toEqual(known);
  await expect(codec.unframe(fresh)).rejects.toBeInstanceOf(RetryableError);
  await expect(codec.frame('topic', 'new', json)).rejects.toBeInstanceOf(RetryableError);

  await registry.restart();
  expect(await codec.unframe(fresh)).toEqual(json);
  expect(await codec.frame('topic', 'new', json)).toEqual(fresh);
});
