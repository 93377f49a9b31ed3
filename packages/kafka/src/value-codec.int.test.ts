import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { silentLogger } from '@runlane/service-kit/testing';
import { describe, expect, inject, test } from 'vitest';
import { registerSchemas, type SchemaSubject } from './register-schemas.ts';
import { createValueCodec, type ValueCodec } from './value-codec.ts';

const UNKNOWN_ID = 2_000_000_000;
const JSON_BYTES = Buffer.from('{"name":"ünïcode"}');

/** Real: the codec, its HTTP client and an Apicurio registry; doubled: nothing. */
describe('values that are framed with a registry', () => {
  const registryUrl: string = inject('registryUrl');

  function codecOn(url: string): ValueCodec {
    return createValueCodec({ registryUrl: url, logger: silentLogger });
  }

  function schemaOf(properties: object, isOpen = false): object {
    return {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: { name: { type: 'string', format: 'made-up' }, ...properties },
      additionalProperties: isOpen,
    };
  }

  function request(subject: string, properties: object = {}): SchemaSubject {
    return { subject, schema: schemaOf(properties), compatibility: 'BACKWARD_TRANSITIVE' };
  }

  function event(subject: string, properties: object = {}): SchemaSubject {
    return { subject, schema: schemaOf(properties, true), compatibility: 'FORWARD_TRANSITIVE' };
  }

  async function registerForeign(schemaType: string, schema: string): Promise<number> {
    const response = await fetch(`${registryUrl}/subjects/foreign-${randomUUID()}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schemaType, schema }),
    });
    const answer: unknown = await response.json();
    if (typeof answer !== 'object' || answer === null || !('id' in answer)) throw new Error(JSON.stringify(answer));
    return Number(answer.id);
  }

  function framed(id: number): Buffer {
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    return Buffer.concat([header, JSON_BYTES]);
  }

  test('are framed with the id of the subject, and unframed again', async () => {
    const topic = `topic-${randomUUID()}`;
    const [registered] = await registerSchemas({ registryUrl, subjects: [request(`${topic}-RunCreate`)] });
    const codec = codecOn(`${registryUrl}/`);
    const value = await codec.frame(topic, 'RunCreate', JSON_BYTES);
    expect(value).toEqual(framed(registered?.id ?? -1));
    expect(await codec.resolve(topic, 'RunCreate')).toBe(registered?.id);
    expect(await codec.unframe(value)).toEqual(JSON_BYTES);
    expect(await codec.unframe(JSON_BYTES)).toBe(JSON_BYTES);
    expect(await codec.unframe(Buffer.alloc(0))).toEqual(Buffer.alloc(0));
  });

  test('a subject that nobody registered is a fatal error that says what to do', async () => {
    const missing = codecOn(registryUrl).frame(`topic-${randomUUID()}`, 'RunCreate', JSON_BYTES);
    await expect(missing).rejects.toBeInstanceOf(FatalError);
    await expect(missing).rejects.toThrow(/run the job that registers the schemas/);
  });

  test('an id that the registry does not know, or that is no JSON Schema, is poison', async () => {
    const codec = codecOn(registryUrl);
    const avro = await registerForeign('AVRO', '{"type":"record","name":"R","fields":[{"name":"x","type":"int"}]}');
    const protobuf = await registerForeign('PROTOBUF', 'syntax = "proto3"; message M { string a = 1; }');
    for (const id of [UNKNOWN_ID, -1, avro, protobuf]) {
      const refusal = codec.unframe(framed(id));
      await expect(refusal).rejects.toMatchObject({ name: 'PoisonError', code: 'unknown_schema' });
      await expect(refusal).rejects.toThrow(`schema id ${id}`);
    }
  });

  test.each([1, 4, 5])('a frame that ends after %i bytes is poison', async (length) => {
    for (const codec of [codecOn(registryUrl), createValueCodec({ registryUrl: null, logger: silentLogger })]) {
      const refusal = codec.unframe(framed(1).subarray(0, length));
      await expect(refusal).rejects.toMatchObject({ name: 'PoisonError', code: 'undecodable' });
    }
  });

  test('values stay readable when schemas share one $id or have a dialect that Ajv does not know', async () => {
    const $id = `https://example.com/${randomUUID()}`;
    const dialects = ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema'];
    const ids = await Promise.all(
      dialects.map(($schema) => registerForeign('JSON', JSON.stringify({ ...schemaOf({}), $schema, $id }))),
    );
    const codec = codecOn(registryUrl);
    for (const id of ids) expect(await codec.unframe(framed(id))).toEqual(JSON_BYTES);
  });

  test('a registry that hangs, is gone or has another path is waited for, and makes nothing poison', async () => {
    const silent = createServer((socket) => socket.resume().on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const urls = [`http://127.0.0.1:${port}`, registryUrl.replace(/\/apis.*/, '/apis/wrong')];
    for (const url of urls) {
      const startedAt = performance.now();
      await expect(codecOn(url).unframe(framed(1))).rejects.toBeInstanceOf(RetryableError);
      await expect(codecOn(url).frame('topic', 'RunCreate', JSON_BYTES)).rejects.toBeInstanceOf(RetryableError);
      // Twice a call, and a call must end well before a session does (10 s).
      expect(performance.now() - startedAt).toBeLessThan(8_000);
    }
    await new Promise((resolve) => silent.close(resolve));
    await expect(codecOn(urls[0] ?? '').unframe(framed(1))).rejects.toBeInstanceOf(RetryableError);
    await expect(registerSchemas({ registryUrl: urls[0] ?? '', subjects: [request('s')] })).rejects.toBeInstanceOf(
      RetryableError,
    );
  });

  test('registering again changes nothing, and both kinds of subject accept a new optional field', async () => {
    const name = randomUUID();
    const versions = [{}, {}, { note: { type: 'string' } }].map(
      (properties) => [request(`${name}-RunCreate`, properties), event(`${name}-RunStatusEvent`, properties)] as const,
    );
    const ids: number[][] = [];
    for (const subjects of versions) {
      const registered = await registerSchemas({ registryUrl, subjects });
      expect(registered.map(({ subject }) => subject)).toEqual([`${name}-RunCreate`, `${name}-RunStatusEvent`]);
      ids.push(registered.map(({ id }) => id));
    }
    expect(ids[1]).toEqual(ids[0]);
    expect(ids[2]).not.toEqual(ids[0]);
    for (const [subject, mode] of [
      ['RunCreate', 'BACKWARD_TRANSITIVE'],
      ['RunStatusEvent', 'FORWARD_TRANSITIVE'],
    ]) {
      const config: unknown = await (await fetch(`${registryUrl}/config/${name}-${subject}`)).json();
      expect(config).toEqual({ compatibilityLevel: mode });
    }
  });

  test('an incompatible change is refused, and the message has the subject and the reason', async () => {
    const name = randomUUID();
    await registerSchemas({ registryUrl, subjects: [request(`${name}-RunCreate`, { note: { type: 'string' } })] });
    const change = registerSchemas({
      registryUrl,
      subjects: [request(`${name}-RunCreate`, { note: { type: 'integer' } })],
    });
    await expect(change).rejects.toBeInstanceOf(FatalError);
    await expect(change).rejects.toThrow(
      new RegExp(`${name}-RunCreate is not BACKWARD_TRANSITIVE compatible.*SUBSCHEMA_TYPE_CHANGED at /properties/note`),
    );
    const aborted = registerSchemas({ registryUrl, subjects: [request(name)], signal: AbortSignal.abort('enough') });
    await expect(aborted).rejects.toBe('enough');
  });
});
