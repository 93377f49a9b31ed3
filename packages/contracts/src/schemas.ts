import { z } from 'zod';
import { isJsonObject } from './json.ts';
import { runCancelSchema } from './requests/run-cancel.ts';
import { runCreateSchema } from './requests/run-create-schema.ts';
import { runStatusEventSchema } from './events/run-status-event.ts';
import { webhookNoticeSchema } from './events/webhook-notice.ts';

/** Record names: what a schema is called in its subject, its file and the AsyncAPI document. */
export const SCHEMA_NAMES = ['RunCreate', 'RunCancel', 'RunStatusEvent', 'WebhookNotice'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** A JSON Schema of draft-07. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Subject of a schema in the registry: record name in topic. The topic comes with its prefix. */
export function subjectOf(topic: string, name: SchemaName): string {
  return `${topic}-${name}`;
}

/**
 * The JSON Schemas to register: draft-07 with `$schema` and without `$id`, which two versions in one validator would
 * share. Requests are closed and say what a producer may send, so defaults are not required; events are open.
 */
export function jsonSchemas(): Record<SchemaName, JsonSchema> {
  return {
    RunCreate: draft07(runCreateSchema),
    RunCancel: draft07(runCancelSchema),
    RunStatusEvent: draft07(runStatusEventSchema),
    WebhookNotice: draft07(webhookNoticeSchema),
  };
}

function draft07(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    // Values judged by a predicate state their schema themselves (see fields.ts).
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // For the compatibility check of a registry, an open object is one that does not mention additional properties.
      if (isEmptySchema(jsonSchema.additionalProperties)) delete jsonSchema.additionalProperties;
    },
  });
}

function isEmptySchema(schema: unknown): boolean {
  return isJsonObject(schema) && Object.keys(schema).length === 0;
}
