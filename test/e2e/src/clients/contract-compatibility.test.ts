/**
 * Programs with an older contract go on working. Real: the registry, set up as in a deployment. Decides: what it
 * accepts after every released schema, and what it refuses.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { jsonSchemas } from '@runlane/contracts';
import type { SchemaName } from '@runlane/contracts';
import { registerSchemas } from '@runlane/kafka';
import { FatalError } from '@runlane/service-kit';
import { describe, expect, inject, test } from 'vitest';

const RELEASED = new URL('../../../../packages/contracts/released/', import.meta.url);
const VERSIONS = readdirSync(RELEASED, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .toSorted((one, other) => one.localeCompare(other, undefined, { numeric: true }));

const COMPATIBILITY = {
  RunCreate: 'BACKWARD_TRANSITIVE',
  RunCancel: 'BACKWARD_TRANSITIVE',
  RunStatusEvent: 'FORWARD_TRANSITIVE',
  WebhookNotice: 'FORWARD_TRANSITIVE',
} as const satisfies Record<SchemaName, string>;
const NAMES = Object.keys(COMPATIBILITY) as SchemaName[];

/** Registers all schemas under one new subject, in this order. */
async function registerInTurn(name: SchemaName, schemas: readonly object[]): Promise<void> {
  const subject = `gate-${randomUUID()}-${name}`;
  for (const schema of schemas) {
    await registerSchemas({
      registryUrl: inject('registryUrl'),
      subjects: [{ subject, schema, compatibility: COMPATIBILITY[name] }],
    });
  }
}

function released(name: SchemaName): object[] {
  const files = VERSIONS.map((version) => new URL(`${version}/${name}.schema.json`, RELEASED));
  return files.filter((file) => existsSync(file)).map((file) => JSON.parse(readFileSync(file, 'utf8')) as object);
}

test('a released contract exists to compare with', () => {
  expect(VERSIONS).toContain('0.1.0');
});

describe.each(NAMES)('%s', (name) => {
  const current = jsonSchemas()[name];

  test('can follow every released version', async () => {
    await expect(registerInTurn(name, [...released(name), current])).resolves.toBeUndefined();
  });

  test('could not with a change that its readers or writers do not understand', async () => {
    const [field = ''] = Object.keys(current.properties ?? {});
    const { [field]: _gone, ...others } = current.properties ?? {};
    const broken =
      COMPATIBILITY[name] === 'FORWARD_TRANSITIVE'
        ? { ...current, properties: others, required: (current.required ?? []).filter((one) => one !== field) }
        : { ...current, required: [...(current.required ?? []), 'metadata'], properties: others };
    await expect(registerInTurn(name, [...released(name), current, broken])).rejects.toThrow(FatalError);
  });
});
