import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { generatedFiles } from './generated-files.ts';
import { SCHEMA_NAMES, eventHeaders, topicDefinitions } from '../index.ts';
import type { Json } from '../index.ts';
import { PAUSED } from '../events/run-status-event.examples.ts';

// The files that are checked in, and the script itself, run on a copy of this package.

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

describe('generated files', () => {
  it.each(generatedFiles())('are up to date: $name', async ({ name, text }) => {
    expect(await readFile(join(PACKAGE, 'generated', name), 'utf8')).toBe(text);
  });
});

describe('the generator', () => {
  let copy: string;

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'runlane-contracts-'));
    await cp(join(PACKAGE, 'package.json'), join(copy, 'package.json'));
    await cp(join(PACKAGE, 'src'), join(copy, 'src'), { recursive: true });
    await symlink(join(PACKAGE, 'node_modules'), join(copy, 'node_modules'));
  });

  afterAll(() => rm(copy, { recursive: true }));

  it('writes missing files, names files that differ, and corrects them', async () => {
    const all = generatedFiles().map(({ name }) => name);
    const missing = await generate('--check');
    expect([missing.code, namedIn(missing.stderr)]).toEqual([1, all]);
    const written = await generate();
    expect([written.code, namedIn(written.stdout)]).toEqual([0, all]);
    expect(await generate('--check')).toEqual({ code: 0, stdout: '', stderr: '' });

    const tampered = join(copy, 'generated', 'RunCancel.schema.json');
    await writeFile(tampered, '{}\n');
    const { code, stderr } = await generate('--check');
    expect(code).toBe(1);
    expect(namedIn(stderr)).toEqual(['RunCancel.schema.json']);
    expect(await readFile(tampered, 'utf8')).toBe('{}\n');

    expect(await generate()).toMatchObject({ code: 0 });
    expect(await generate('--check')).toMatchObject({ code: 0 });
  });

  async function generate(...flags: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
    const script = join(copy, 'src', 'documents', 'generate.ts');
    return run(process.execPath, [script, ...flags]).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: unknown; stdout: string; stderr: string }) => error,
    );
  }
});

describe('the AsyncAPI document', () => {
  const document: Json = JSON.parse(generatedFiles().find(({ name }) => name === 'asyncapi.json')?.text ?? 'null');

  it('is version 3.0', () => {
    expect(document).toMatchObject({ asyncapi: '3.0.0', info: { title: 'Runlane', version: packageJson.version } });
  });

  it('has a channel with Kafka bindings for each topic', () => {
    const channels = Object.values(at(document, '#/channels') ?? {});
    expect(channels.map((channel) => at(channel, '#/address'))).toEqual(topicDefinitions('').map(({ name }) => name));
    for (const { name, partitions, config } of topicDefinitions('')) {
      const channel = channels.find((candidate) => at(candidate, '#/address') === name);
      expect(at(channel, '#/bindings/kafka')).toMatchObject({
        topic: name,
        partitions,
        topicConfiguration: {
          'cleanup.policy': [config['cleanup.policy']],
          'retention.ms': Number(config['retention.ms']),
          'max.message.bytes': Number(config['max.message.bytes']),
        },
      });
    }
  });

  it('refers only to what exists', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target ?? '');
    const files = references.filter((target) => !target.startsWith('#'));
    expect(files.toSorted()).toEqual(SCHEMA_NAMES.map((name) => `./${name}.schema.json`).toSorted());
    for (const target of references.filter((candidate) => candidate.startsWith('#'))) {
      expect([target, at(document, target)]).toEqual([target, expect.anything()]);
    }
  });

  it('names the headers that events have', () => {
    const headers = at(document, '#/components/messages/RunStatusEvent/headers/properties');
    expect(Object.keys(headers ?? {}).toSorted()).toEqual(Object.keys(eventHeaders(PAUSED, 's', 't')).toSorted());
  });
});

function namedIn(text: string): string[] {
  return generatedFiles().flatMap(({ name }) => (text.includes(`/${name}`) ? [name] : []));
}

function at(json: Json | undefined, pointer: string): Json | undefined {
  let value: Json | undefined = json;
  for (const name of pointer.split('/').slice(1)) {
    value = typeof value === 'object' && value !== null && !Array.isArray(value) ? value[name] : undefined;
  }
  return value;
}
