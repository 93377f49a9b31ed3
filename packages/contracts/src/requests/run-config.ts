import { z } from 'zod';
import { jsonObject, textList } from '../fields.ts';
import type { JsonObject } from '../json.ts';

/** `config` on the wire: of a run request, or the defaults of an assistant. */
export const runConfigSchema = z.strictObject({
  tags: textList.nullish().describe('A list of texts.'),
  recursion_limit: z.int().positive().nullish().describe('A whole number from 1.'),
  configurable: jsonObject.nullish().describe('An object: configuration the graph reads. Reserved keys are rejected.'),
});

/** `config` as Runlane reads it. An empty `configurable` counts as absent. */
export type RunCreateConfig = {
  tags: string[] | null;
  recursion_limit: number | null;
  configurable: JsonObject | null;
};

/** Every field is present, and null where it was absent. */
export function normalisedConfig(config: z.output<typeof runConfigSchema> | null | undefined): RunCreateConfig | null {
  if (!config) return null;
  return {
    tags: config.tags ?? null,
    recursion_limit: config.recursion_limit ?? null,
    configurable: nullIfEmpty(config.configurable),
  };
}

/** An object without members counts as absent. */
export function nullIfEmpty(object: JsonObject | null | undefined): JsonObject | null {
  return object && Object.keys(object).length > 0 ? object : null;
}
