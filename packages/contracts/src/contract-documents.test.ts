import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DiagnosticSeverity, Parser } from '@asyncapi/parser';
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

// The documents that are generated, judged by AsyncAPI's own parser, and their examples by the parser and
// by the JSON Schema that goes to the registry.

const GENERATED = new URL('../generated/', import.meta.url);
const DOCUMENTS = ['asyncapi.json', 'webhooks.asyncapi.json'];

const parser = new Parser();

/** What AsyncAPI's parser has against a document: errors alone, for it also tells of newer versions. */
async function problemsOf(name: string, text: string): Promise<string[]> {
  // Its place, for the references to the schemas beside it.
  const { diagnostics } = await parser.parse(text, { source: fileURLToPath(new URL(name, GENERATED)) });
  return diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error).map(({ message }) => message);
}

describe.each(DOCUMENTS)('%s', (name) => {
  const text = readFileSync(new URL(name, GENERATED), 'utf8');
  const document = JSON.parse(text) as JsonObject;

  it('is AsyncAPI 3, and everything that it refers to exists', async () => {
    expect(document['asyncapi']).toBe('3.0.0');
    expect(await problemsOf(name, text)).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ['operations', { wrong: { action: 'publish', channel: { $ref: '#/channels/runStatus' } } }],
    ['channels', { runStatus: { address: 1 } }],
    ['info', { title: 'without a version' }],
    ['components', {}],
  ])('would not be with other %s', async (part, content) => {
    expect(await problemsOf(name, JSON.stringify({ ...document, [part]: content }))).not.toEqual([]);
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

  it('are in the catalogue, each under its own type', () => {
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
