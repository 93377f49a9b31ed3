/**
 * Whether a form can be drawn from the schema of an answer. Graphs write these schemas, and some make them from what a model
 * said. A form that contains itself is drawn without end, and one of thousands of fields takes a browser for minutes, with
 * everything else on the screen; so it is decided before anything is drawn. Who cannot have a form answers in JSON.
 */
import type { RJSFSchema } from '@rjsf/utils';

const MOST_PARTS = 1_000;
const MOST_DEPTH = 16;

/** Keywords with one schema, with several, and with several by name. */
const ONE = ['items', 'additionalItems', 'additionalProperties', 'contains', 'not', 'if', 'then', 'else'] as const;
const LIST = ['items', 'prefixItems', 'allOf', 'anyOf', 'oneOf'] as const;
const NAMED = ['properties', 'patternProperties', 'dependencies', 'dependentSchemas'] as const;

type Part = Record<string, unknown>;

/** Why no form is drawn, as a clause; null when one can be drawn. */
export function undrawable(schema: RJSFSchema): string | null {
  let count = 0;
  const walk = (part: Part, depth: number, refs: readonly string[]): string | null => {
    count += 1;
    if (count > MOST_PARTS) return `its schema has more than ${MOST_PARTS} parts`;
    if (depth > MOST_DEPTH) return `its schema is more than ${MOST_DEPTH} levels deep`;
    const { $ref: ref, pattern } = part;
    if (pattern !== undefined && !isPattern(pattern))
      return `its schema has a pattern that is none, ${textOf(pattern)}`;
    if (ref !== undefined) {
      const target = typeof ref === 'string' ? targetOf(schema, ref) : null;
      if (typeof ref !== 'string' || target === null)
        return `its schema refers to ${textOf(ref)}, which it does not have`;
      if (refs.includes(ref)) return `its schema contains itself by ${textOf(ref)}`;
      const problem = walk(target, depth + 1, [...refs, ref]);
      if (problem !== null) return problem;
    }
    for (const inner of partsOf(part)) {
      const problem = walk(inner, depth + 1, refs);
      if (problem !== null) return problem;
    }
    return null;
  };
  return walk(schema, 0, []);
}

function partsOf(part: Part): Part[] {
  const one = ONE.map((name) => part[name]);
  const list = LIST.flatMap((name) => (Array.isArray(part[name]) ? (part[name] as unknown[]) : []));
  const named = NAMED.flatMap((name) => (isPart(part[name]) ? Object.values(part[name]) : []));
  return [...one, ...list, ...named].filter(isPart);
}

/** References lead into the schema itself: nothing is loaded from elsewhere. */
function targetOf(schema: RJSFSchema, ref: string): Part | null {
  if (!ref.startsWith('#')) return null;
  let place: unknown = schema;
  for (const step of ref.slice(1).split('/').slice(1)) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, name)) return null;
    place = (place as Part)[name];
  }
  return isPart(place) ? place : null;
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    // A percent sign that encodes nothing stands for itself.
    return step;
  }
}

function isPattern(pattern: unknown): boolean {
  try {
    return typeof pattern === 'string' && new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 80);
}
