import { z } from 'zod';
import { UUID_PATTERN } from './ids.ts';
import { isJsonObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';

// zod copies what it parses and reports every wrong element of a list as an issue of its own. Values of any size are
// therefore judged by predicates: one issue, no copy, and a `__proto__` member stays what it is. Their JSON Schema
// stands beside the predicate, and a test holds both to the same examples.

/** A JSON object of any content, kept by reference. */
export const jsonObject = z.custom<JsonObject>(isJsonObject).meta({ type: 'object' });

/** Any JSON value, kept by reference. */
export const anyJson = z.custom<Json>((value) => value !== undefined);

/** A UUID in any case. */
export const uuid = z.string().regex(new RegExp(UUID_PATTERN));

// Unicode's category Cc is exactly these two ranges, and ranges are what every regular expression dialect reads.
const NO_CONTROL_CHARACTERS = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';

/** A thread id: 1 to 255 code points, none of category Cc. */
export const threadId = textOfAtMost(255).regex(new RegExp(NO_CONTROL_CHARACTERS));

/** A list of texts. */
export const textList = z
  .custom<string[]>((value) => isListOf(value, isText))
  .meta({ type: 'array', items: { type: 'string' } });

/** Node names, or "*" for every node. */
export const nodeSelection = z
  .custom<string[] | '*'>((value) => value === '*' || isListOf(value, isNodeName))
  .meta({
    anyOf: [
      { type: 'string', const: '*' },
      { type: 'array', items: { type: 'string', minLength: 1 } },
    ],
  });

/** A text of 1 to `max` code points. JSON Schema counts code points, zod's own `max` UTF-16 units. */
export function textOfAtMost(max: number) {
  return z
    .string()
    .min(1)
    .refine((text) => text.length <= max || (text.length <= 2 * max && Array.from(text).length <= max))
    .meta({ maxLength: max });
}

/** Whether the value is a list in which every element passes. */
export function isListOf<T>(value: unknown, isElement: (element: unknown) => element is T): value is T[] {
  return Array.isArray(value) && value.every(isElement);
}

/** Whether the value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Whether the value can name a node of a graph: a text that is not empty. */
export function isNodeName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
