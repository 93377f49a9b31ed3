/** Any value that `JSON.parse` returns. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** `unstorable`: Postgres cannot hold it; `path` says where, `why` what is wrong and what to send instead. */
export type JsonVerdict = { kind: 'ok' } | { kind: 'too_deep' } | { kind: 'unstorable'; path: string; why: string };

/** A list or object being walked: the names of its members (of a list: none) and how many were visited. */
type Level = { members: unknown[]; names: string[] | null; visited: number };

const MAX_PATH_LENGTH = 200;
const MAX_NAME_LENGTH = 40;

/** Whether the value is a JSON object: not null and not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks parsed JSON for what Runlane cannot store: more than `maxDepth` levels of lists and objects (a bare scalar
 * has none, `[]` one), NUL or a lone surrogate in any text or name, and numbers beyond double precision, which
 * `JSON.parse` makes infinite.
 *
 * Keeps its own stack, never deeper than `maxDepth`, so no input overflows the call stack. When several things are
 * wrong, the first in document order is reported.
 */
export function checkJson(value: unknown, limits: { maxDepth: number }): JsonVerdict {
  const levels: Level[] = [];
  let current = value;
  for (;;) {
    const level = levelOf(current);
    if (level === null) {
      const why = whyUnstorable(current);
      if (why !== null) return { kind: 'unstorable', path: pathTo(levels), why };
    } else {
      if (levels.length >= limits.maxDepth) return { kind: 'too_deep' };
      levels.push(level);
      const badName = level.names?.find((name) => whyUnstorable(name) !== null);
      if (badName !== undefined) {
        return { kind: 'unstorable', path: pathTo(levels), why: `a name in it ${whyUnstorable(badName)}` };
      }
    }

    let deepest = levels.at(-1);
    while (deepest !== undefined && deepest.visited === deepest.members.length) {
      levels.pop();
      deepest = levels.at(-1);
    }
    if (deepest === undefined) return { kind: 'ok' };
    current = deepest.members[deepest.visited];
    deepest.visited += 1;
  }
}

function levelOf(value: unknown): Level | null {
  if (Array.isArray(value)) return { members: value, names: null, visited: 0 };
  if (isJsonObject(value)) return { members: Object.values(value), names: Object.keys(value), visited: 0 };
  return null;
}

function whyUnstorable(value: unknown): string | null {
  if (typeof value === 'string') {
    if (value.includes('\0')) return 'holds a NUL character (\\u0000); remove it';
    return value.isWellFormed() ? null : 'holds a lone surrogate, half of a UTF-16 pair; send the whole character';
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? null : 'is a number beyond the range of a double; send it as text';
  }
  if (value === null || typeof value === 'boolean') return null;
  return `is ${typeof value}, which JSON does not have; leave it out`;
}

/** Path of the member being visited, such as `input.messages[2].content`; the empty string for the whole value. */
function pathTo(levels: Level[]): string {
  let path = '';
  for (const { names, visited } of levels) {
    if (visited === 0) break;
    const name = names?.[visited - 1];
    path += name === undefined ? `[${visited - 1}]` : nameInPath(name, path === '');
    if (path.length > MAX_PATH_LENGTH) return `${path.slice(0, MAX_PATH_LENGTH)}…`;
  }
  return path;
}

function nameInPath(name: string, isFirst: boolean): string {
  if (/^\w+$/.test(name) && name.length <= MAX_NAME_LENGTH) return isFirst ? name : `.${name}`;
  const short = name.length <= MAX_NAME_LENGTH ? name : `${name.slice(0, MAX_NAME_LENGTH).toWellFormed()}…`;
  return `[${JSON.stringify(short)}]`;
}
