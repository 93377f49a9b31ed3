import { z } from 'zod';
import { isJsonObject } from './json.ts';
import type { Json } from './json.ts';

/** What was parsed: `name` stands for the whole value, `json` is the value, `schema` what it had to fit. */
type Subject = { name: string; json: Json; schema: z.ZodObject };

const MAX_PROBLEMS = 10;
const MAX_NAMES = 3;
const MAX_NAME_LENGTH = 40;

/**
 * Says for each issue where it is, what is wrong and what to send instead, the latter from the field's description.
 * At most ten lines, the last of which counts the rest; they hold names of fields, but no values, which may be secret.
 */
export function problemsOf(error: z.ZodError, subject: Subject): string[] {
  const problems = new Map<string, string>();
  for (const issue of error.issues) {
    const where = issue.path.join('.') || subject.name;
    const said = saidByTheSchema(issue);
    // If a value breaks several rules of its field, the first problem is enough, because all say what to send.
    const key = said === null ? where : `${where} ${said}`;
    if (!problems.has(key)) problems.set(key, `${where}: ${said ?? problemOf(issue, subject)}`);
  }
  const lines = [...problems.values()];
  if (lines.length <= MAX_PROBLEMS) return lines;
  const shown = lines.slice(0, MAX_PROBLEMS - 1);
  return [...shown, `and ${lines.length - shown.length} more problems`];
}

/** The whole problem, where a rule of the schema words it: combinations do. */
function saidByTheSchema(issue: z.core.$ZodIssue): string | null {
  const said: unknown = issue.code === 'custom' ? issue.params?.['problem'] : undefined;
  return typeof said === 'string' ? said : null;
}

function problemOf(issue: z.core.$ZodIssue, subject: Subject): string {
  const field = fieldAt(subject.schema, issue.path);
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, namesIn(field));
  const expected = field?.description ?? 'An object.';
  return `${whatIsWrong(issue, valueAt(subject.json, issue.path))}. Expected: ${expected}`;
}

function whatIsWrong(issue: z.core.$ZodIssue, value: Json | undefined): string {
  if (value === undefined) return 'is missing';
  if (value === '') return 'is empty';
  if (issue.code === 'too_small') return 'is too small';
  if (issue.code === 'too_big') return 'is too large';
  if (issue.code === 'invalid_type' && issue.expected !== 'int') return `is ${kindOf(value)}`;
  return `does not fit (it is ${kindOf(value)})`;
}

function unknownFields(unknown: string[], known: string[]): string {
  const shown = unknown.slice(0, MAX_NAMES).map((name) => {
    const meant = known.find((candidate) => bareName(candidate) === bareName(name));
    return meant === undefined ? quoted(name) : `${quoted(name)} (did you mean ${meant}?)`;
  });
  const rest = unknown.length > MAX_NAMES ? ` and ${unknown.length - MAX_NAMES} more` : '';
  return `has unknown fields: ${shown.join(', ')}${rest}. Remove them; known are ${known.join(', ')}`;
}

function bareName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replaceAll(/[_-]/g, '').toLowerCase();
}

function quoted(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return JSON.stringify(name);
  return JSON.stringify(`${name.slice(0, MAX_NAME_LENGTH)}…`);
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

/** The schema of the field; undefined inside of values that the schema takes as they are. */
function fieldAt(schema: z.ZodObject, path: PropertyKey[]): z.ZodType | undefined {
  let field: z.ZodType | undefined = schema;
  for (const name of path) {
    const object = asObject(field);
    field = object === undefined ? undefined : object.shape[String(name)];
  }
  return field;
}

function namesIn(field: z.ZodType | undefined): string[] {
  const object = asObject(field);
  return object === undefined ? [] : Object.keys(object.shape);
}

function asObject(field: z.ZodType | undefined): z.ZodObject | undefined {
  let bare = field;
  while (bare instanceof z.ZodOptional || bare instanceof z.ZodNullable) bare = bare.unwrap() as z.ZodType;
  return bare instanceof z.ZodObject ? bare : undefined;
}

function valueAt(json: Json, path: PropertyKey[]): Json | undefined {
  let value: Json | undefined = json;
  for (const name of path) value = isJsonObject(value) ? value[String(name)] : undefined;
  return value;
}
