import { createHash } from 'node:crypto';
import { isJsonObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { RunCreate } from './requests/run-create.ts';

/** A list or object being written, and how many of its members are. A list has no names. */
type Level = { members: Json[]; names: string[] | null; written: number };

/**
 * Fingerprint of a `RunCreate` as it came over the wire: two are *the same request* exactly when these
 * are equal. Hex SHA-256, 64 digits. This is the one that admission compares (I4).
 *
 * Equal as parsed JSON without nulls: the order of members and the spelling of numbers and texts do not matter, nor
 * does a field of the schema that is null instead of absent (top level, `config`, `command`, and `input` of a send in
 * `goto`), nor the case of `run_id`. Everything else matters: a default that is spelt out is other JSON than an absent field,
 * and a null inside of user values (`input`, `metadata`, `context`, `configurable`, `resume`, `update`) is data.
 */
export function fingerprintOfJson(json: Json): string {
  const canonical = canonicalText(withoutNullFields(json));
  return createHash('sha256').update(canonical, 'utf8').digest('hex');
}

/**
 * Fingerprint of a request without JSON: that of its shortest JSON, without nulls and defaults. It
 * equals `fingerprintOfJson` only for JSON that spells out no default, no empty object where that counts as absent and
 * no `["*"]`; so never compare one kind with the other.
 */
export function fingerprintOf(request: RunCreate): string {
  const defaults: JsonObject = {
    multitask_strategy: 'enqueue',
    if_not_exists: 'create',
    on_completion: 'delete',
    durability: 'async',
  };
  const shortest = Object.entries(request).filter(([field, value]) => value !== defaults[field]);
  return fingerprintOfJson(Object.fromEntries(shortest));
}

function withoutNullFields(json: Json): Json {
  if (!isJsonObject(json)) return json;
  const request = withoutNulls(json);
  if (typeof request['run_id'] === 'string') request['run_id'] = request['run_id'].toLowerCase();
  if (isJsonObject(request['config'])) request['config'] = withoutNulls(request['config']);
  if (isJsonObject(request['command'])) {
    const command = withoutNulls(request['command']);
    const goto = command['goto'];
    if (goto !== undefined) command['goto'] = Array.isArray(goto) ? goto.map(withoutNullInput) : withoutNullInput(goto);
    request['command'] = command;
  }
  return request;
}

function withoutNullInput(target: Json): Json {
  return isJsonObject(target) ? withoutNulls(target) : target;
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

/** JSON text without spaces, with names sorted by UTF-16 code units. Has its own stack: no nesting overflows it. */
function canonicalText(json: Json): string {
  if (!isContainer(json)) return scalarText(json);
  const outer: Level[] = [];
  let level = levelOf(json);
  let text = openingOf(level);
  for (;;) {
    if (level.written === level.members.length) {
      text += level.names === null ? ']' : '}';
      const parent = outer.pop();
      if (parent === undefined) return text;
      level = parent;
      continue;
    }
    if (level.written > 0) text += ',';
    if (level.names !== null) text += `${JSON.stringify(level.names[level.written])}:`;
    const member: Json = level.members[level.written] ?? null;
    level.written += 1;
    if (isContainer(member)) {
      outer.push(level);
      level = levelOf(member);
      text += openingOf(level);
    } else {
      text += scalarText(member);
    }
  }
}

function isContainer(json: Json): json is Json[] | JsonObject {
  return typeof json === 'object' && json !== null;
}

function levelOf(json: Json[] | JsonObject): Level {
  if (Array.isArray(json)) return { members: json, names: null, written: 0 };
  const names = Object.keys(json).toSorted();
  return { members: names.map((name) => json[name] ?? null), names, written: 0 };
}

function openingOf(level: Level): string {
  return level.names === null ? '[' : '{';
}

function scalarText(scalar: null | boolean | number | string): string {
  return typeof scalar === 'string' ? JSON.stringify(scalar) : String(scalar);
}
