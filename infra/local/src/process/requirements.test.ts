/**
 * Real     The Java and Maven of this machine; where they must be old or missing, programs of the test in their place.
 * Decides  The messages, the cache directory, and how many of two processes fetched.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDataDir } from '../test-support.ts';
import { fetchArtefact } from './artefacts.ts';
import { processKafka } from './kafka.ts';
import { processRegistry } from './registry.ts';

test('without Java the message says what to install, or which variable to set', async () => {
  using data = temporaryDataDir();
  const options = { dataDir: data.path, env: { PATH: '' } };
  await expect(processKafka(options)).rejects.toThrow(
    'No Java found: JAVA_HOME is not set and there is no java on PATH. ' +
      'Install Java 17 or newer and set JAVA_HOME or PATH accordingly, or set KAFKA_BROKERS.',
  );
  await expect(processRegistry(options)).rejects.toThrow(/or set SCHEMA_REGISTRY_URL/);
});

test('JAVA_HOME comes before PATH, and a Java that is too old or broken is refused by its name', async () => {
  using data = temporaryDataDir();
  mkdirSync(join(data.path, 'bin'));
  const program = join(data.path, 'bin', 'java');
  const env = { PATH: process.env['PATH'], JAVA_HOME: data.path };
  writeFileSync(program, `#!/bin/sh\necho 'openjdk version "11.0.22" 2024-01-16' >&2\n`, { mode: 0o755 });
  await expect(processKafka({ dataDir: data.path, env })).rejects.toThrow(
    `Java of JAVA_HOME=${data.path} has version 11.0.22. Install Java 17`,
  );
  writeFileSync(program, `#!/bin/sh\nexit 1\n`);
  await expect(processKafka({ dataDir: data.path, env })).rejects.toThrow(
    `Java of JAVA_HOME=${data.path} does not run`,
  );
});

test('without Maven, and with an empty cache, the message says what to install', async () => {
  using data = temporaryDataDir();
  const env = { PATH: '', RUNLANE_CACHE_DIR: join(data.path, 'cache') };
  const fetch = (): Promise<string> => fetchArtefact('kafka', { dataDir: data.path, env });
  await expect(fetch()).rejects.toThrow(
    'No mvn on PATH, which fetches the server once. Install Apache Maven, or set KAFKA_BROKERS.',
  );
});

test('a Maven that fails leaves nothing in the cache, and its output is quoted', async () => {
  using data = temporaryDataDir();
  const cache = join(data.path, 'cache');
  writeFileSync(join(data.path, 'mvn'), `#!/bin/sh\necho 'no route to the repository'\nexit 1\n`, { mode: 0o755 });
  const env = { PATH: `${data.path}:${process.env['PATH']}`, RUNLANE_CACHE_DIR: cache };
  const error: unknown = await fetchArtefact('kafka', { dataDir: data.path, env }).catch((cause: unknown) => cause);
  expect(error).toMatchObject({
    message: expect.stringContaining('Kafka could not be fetched with Maven.'),
    cause: { message: expect.stringContaining('no route to the repository') },
  });
  expect(readdirSync(cache)).toEqual([]);
});

test('when two processes need the same files at once, one fetches them, and both get complete files', async () => {
  using data = temporaryDataDir();
  const script = `
    import { fetchArtefact } from ${JSON.stringify(join(import.meta.dirname, 'artefacts.ts'))};
    const log = (line) => console.log('LOG ' + line);
    console.log('AT ' + (await fetchArtefact('kafka', { dataDir: '/', log })));`;
  const env = { ...process.env, NODE_OPTIONS: '', RUNLANE_CACHE_DIR: data.path };
  const run = promisify(execFile);
  const both = [1, 2].map(() => run(process.execPath, ['--input-type=module', '-e', script], { env }));
  const outputs = (await Promise.all(both)).map(({ stdout }) => stdout);
  const [folder] = readdirSync(data.path);
  expect(readdirSync(data.path)).toEqual([folder]);
  expect(outputs.filter((output) => output.includes('LOG Kafka: fetching'))).toHaveLength(1);
  for (const output of outputs) expect(output).toContain(`AT ${join(data.path, folder!)}`);
  expect(readdirSync(join(data.path, folder!))).toContain('kafka_2.13-4.3.1.jar');
});
