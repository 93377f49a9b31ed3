import asyncapi from '@asyncapi/specs';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { EVENT_EXAMPLES } from './documents/event-catalogue.ts';
import { generatedFiles } from './documents/generated-files.ts';
import {
  RUN_STATUS_EVENT_TYPES,
  WEBHOOK_NOTICE_TYPES,
  jsonSchemas,
  parseRunStatusEvent,
  webhookNoticeSchema,
} from './index.ts';
import { WEBHOOK_NOTICE_EXAMPLES } from './events/webhook-notice.ts';
import type { Json, JsonObject } from './index.ts';

// Charter: the documents that are generated, judged by AsyncAPI's own schemas with Ajv, and their examples by the parser and
// by the JSON Schema that goes to the registry.

const DOCUMENTS = ['asyncapi.json', 'webhooks.asyncapi.json'];

const parsed = (name: string): JsonObject =>
  JSON.parse(generatedFiles().find((file) => file.name === name)?.text ?? 'null') as JsonObject;

describe.each(DOCUMENTS)('%s', (name) => {
  const isAsyncApi = compiled(asyncapi.schemasWithoutId['3.0.0'] as object);
  const document = parsed(name);

  it('is AsyncAPI 3.0', () => {
    expect(isAsyncApi(document) ? [] : isAsyncApi.errors).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ['operations', { wrong: { action: 'publish', channel: { $ref: '#/channels/runStatus' } } }],
    ['channels', { runStatus: { address: 1 } }],
    ['info', { title: 'without a version' }],
  ])('would not be with other %s', (part, content) => {
    expect(isAsyncApi({ ...document, [part]: content })).toBe(false);
  });

  it('refers only to what exists', () => {
    const targets = [...JSON.stringify(document).matchAll(/"\$ref":"(#[^"]+)"/g)].map(([, target]) => target ?? '');
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter((target) => at(document, target) === undefined)).toEqual([]);
  });
});

describe('the examples of events', () => {
  const fitsSchema = compiled(jsonSchemas().RunStatusEvent);

  it.each(RUN_STATUS_EVENT_TYPES)('has a valid one of %s, with every field', (type) => {
    const event = JSON.parse(JSON.stringify(EVENT_EXAMPLES[type])) as Json;
    expect(parseRunStatusEvent(event)).toMatchObject({ kind: 'ok', event: { type } });
    expect(fitsSchema(event) ? [] : fitsSchema.errors).toEqual([]);
    expect(Object.keys(EVENT_EXAMPLES[type]).toSorted()).toEqual(
      Object.keys(jsonSchemas().RunStatusEvent.properties ?? {}).toSorted(),
    );
  });

  it('are in the catalogue, each under its type', () => {
    const text = generatedFiles().find(({ name }) => name === 'events.md')?.text ?? '';
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([...RUN_STATUS_EVENT_TYPES, ...WEBHOOK_NOTICE_TYPES]);
  });
});

describe('the examples of notices', () => {
  const fitsSchema = compiled(jsonSchemas().WebhookNotice);

  it.each(WEBHOOK_NOTICE_EXAMPLES)('has a valid one of $type, with every field', (notice) => {
    expect(webhookNoticeSchema.safeParse(notice).success).toBe(true);
    expect(fitsSchema(notice) ? [] : fitsSchema.errors).toEqual([]);
    expect(Object.keys(notice).toSorted()).toEqual(
      Object.keys(jsonSchemas().WebhookNotice.properties ?? {}).toSorted(),
    );
  });
});

function compiled(schema: object): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  formats.default(ajv);
  return ajv.compile(schema);
}

function at(json: Json, pointer: string): Json | undefined {
  let value: Json | undefined = json;
  for (const name of pointer.split('/').slice(1)) {
    value = typeof value === 'object' && value !== null && !Array.isArray(value) ? value[name] : undefined;
  }
  return value;
}
