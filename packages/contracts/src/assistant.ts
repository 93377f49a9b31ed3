import { z } from 'zod';
import { jsonObject, textOfAtMost, uuid } from './fields.ts';
import { checkJson } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { problemsOf } from './problems.ts';
import { normalisedConfig, nullIfEmpty, runConfigSchema } from './requests/run-config.ts';
import type { RunCreateConfig } from './requests/run-config.ts';

/** The description of an assistant and the defaults for its runs, by LangGraph's names. Null: absent. */
export type AssistantFields = {
  graph_id: string | null;
  name: string | null;
  description: string | null;
  metadata: JsonObject | null;
  config: RunCreateConfig | null;
  /** Unlike in a run, an empty one is not null: in an update it removes what was there. */
  context: JsonObject | null;
};

/** A new assistant. Without an id it gets one. */
export type AssistantCreate = AssistantFields & { assistant_id: string | null; graph_id: string };

/** `problems`: what was wrong, where, and what to send; short lines without user values. */
export type AssistantVerdict<T> = { kind: 'ok'; value: T } | { kind: 'invalid'; problems: string[] };

/** Levels of nesting, as many as a run request may have. */
const MAX_DEPTH = 256;

const graphId = z.string().min(1);
const fields = {
  name: textOfAtMost(255).nullish().describe('A text of 1 to 255 code points.'),
  description: textOfAtMost(4096).nullish().describe('A text of 1 to 4096 code points.'),
  metadata: jsonObject.nullish().describe("An object, merged beneath the metadata of the assistant's runs."),
  config: runConfigSchema.nullish().describe('An object of tags, recursion_limit and configurable.'),
  context: jsonObject.nullish().describe("An object: the graph's runtime context. Not with config.configurable."),
};

const createSchema = z.strictObject({
  assistant_id: uuid.nullish().describe('A UUID (8-4-4-4-12 hexadecimal digits); generated if absent.'),
  graph_id: graphId.describe('The name of a graph in langgraph.json: a text, required.'),
  ...fields,
});

const updateSchema = z.strictObject({
  graph_id: graphId.nullish().describe('The name of a graph in langgraph.json: a text.'),
  ...fields,
});

/** Reads a new assistant, for LangGraph's `assistants.create`: types and unknown fields. */
export function parseAssistantCreate(json: Json): AssistantVerdict<AssistantCreate> {
  const parsed = parse('assistant', createSchema, json);
  if (parsed.kind === 'invalid') return parsed;
  const { assistant_id: id, graph_id } = parsed.value;
  return { kind: 'ok', value: { ...fieldsOf(parsed.value), assistant_id: id?.toLowerCase() ?? null, graph_id } };
}

/** Reads changes of an assistant, for LangGraph's `assistants.update`: types and unknown fields. */
export function parseAssistantUpdate(json: Json): AssistantVerdict<AssistantFields> {
  const parsed = parse('update', updateSchema, json);
  return parsed.kind === 'invalid' ? parsed : { kind: 'ok', value: fieldsOf(parsed.value) };
}

function parse<Schema extends z.ZodObject>(
  name: string,
  schema: Schema,
  json: Json,
): AssistantVerdict<z.output<Schema>> {
  const storable = checkJson(json, { maxDepth: MAX_DEPTH });
  if (storable.kind === 'too_deep') return invalid([`${name}: nests deeper than ${MAX_DEPTH} levels; flatten it`]);
  if (storable.kind === 'unstorable') return invalid([`${storable.path}: ${storable.why}`]);
  const parsed = schema.safeParse(json);
  return parsed.success
    ? { kind: 'ok', value: parsed.data }
    : invalid(problemsOf(parsed.error, { name, json, schema }));
}

function invalid(problems: string[]): { kind: 'invalid'; problems: string[] } {
  return { kind: 'invalid', problems };
}

function fieldsOf(wire: z.output<typeof updateSchema>): AssistantFields {
  return {
    graph_id: wire.graph_id ?? null,
    name: wire.name ?? null,
    description: wire.description ?? null,
    metadata: nullIfEmpty(wire.metadata),
    config: normalisedConfig(wire.config),
    context: wire.context ?? null,
  };
}
