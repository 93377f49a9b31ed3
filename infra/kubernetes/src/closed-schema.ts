/** A JSON schema as Kubernetes writes it, with the keys that we read. */
export type Schema = {
  $ref?: string;
  type?: string;
  pattern?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  nullable?: boolean;
  enum?: unknown[];
  required?: string[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
};

const QUANTITY = String.raw`^[+-]?(\d+|\d+\.\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$`;

/**
 * A schema as a strict API server reads it: objects take the fields of the schema and no others. Patterns of Go that
 * JavaScript does not know are left out.
 *
 * @param name of a component of OpenAPI, some of which have rules that are not in their schemas
 */
export function closed(schema: Schema, name = ''): Schema {
  if (name.endsWith('.resource.Quantity'))
    return { anyOf: [{ type: 'number' }, { type: 'string', pattern: QUANTITY }] };
  const { pattern, properties, additionalProperties, items, allOf, anyOf, oneOf, ...rest } = schema;
  const result: Schema = rest;
  if (schema['x-kubernetes-int-or-string'] === true) {
    return { anyOf: [{ type: 'integer' }, { type: 'string', ...patternOf(pattern) }] };
  }
  if (name.endsWith('.intstr.IntOrString')) return { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  Object.assign(result, patternOf(pattern));
  if (items !== undefined) result.items = closed(items);
  if (allOf !== undefined) result.allOf = allOf.map(openBranch);
  if (anyOf !== undefined) result.anyOf = anyOf.map(openBranch);
  if (oneOf !== undefined) result.oneOf = oneOf.map(openBranch);
  if (typeof additionalProperties === 'object') result.additionalProperties = closed(additionalProperties);
  if (properties === undefined) return result;
  result.properties = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, closed(value)]));
  const isOpen = additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (!isOpen) result.additionalProperties = false;
  return result;
}

/** A branch names some fields of its object, and says nothing about the others. */
function openBranch(branch: Schema): Schema {
  const { pattern, ...rest } = branch;
  return { ...rest, ...patternOf(pattern) };
}

function patternOf(pattern: string | undefined): { pattern?: string } {
  if (pattern === undefined) return {};
  try {
    return { pattern: new RegExp(pattern, 'u').source };
  } catch {
    return {};
  }
}
