import type { JsonSchema } from '@runlane/contracts';

/** A part of a schema: JSON Schema also allows `true` and `false`, which ours never use for fields. */
type Part = JsonSchema | boolean;

const HEADER = `# Generated from packages/contracts by npm run generate.
from __future__ import annotations

from typing import Any, Literal, Union

from typing_extensions import NotRequired, TypedDict

`;

const PYTHON_TYPES: Record<string, string> = {
  string: 'str',
  number: 'float',
  integer: 'int',
  boolean: 'bool',
  null: 'None',
};

/** A Python module of one TypedDict for each object of the schemas; the descriptions become docstrings. */
export function pythonModels(schemas: Readonly<Record<string, JsonSchema>>): string {
  const classes: string[] = [];
  for (const [name, schema] of Object.entries(schemas)) addClass(name, schema, classes);
  return `${HEADER}\n${classes.join('\n\n')}`;
}

function addClass(name: string, schema: JsonSchema, classes: string[]): void {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([field, part]) => {
    const type = typeOf(part, `${name}${pascalCase(field)}`, classes);
    const described = typeof part === 'object' && part.description !== undefined;
    const line = `    ${field}: ${required.has(field) ? type : `NotRequired[${type}]`}`;
    return described ? `${line}\n    """${part.description?.replaceAll('"""', '')}"""`.replace(/""""$/, '" """') : line;
  });
  classes.push(`class ${name}(TypedDict):\n${fields.join('\n')}\n`);
}

function typeOf(part: Part, name: string, classes: string[]): string {
  if (typeof part === 'boolean') return 'Any';
  if (part.const !== undefined) return `Literal[${JSON.stringify(part.const)}]`;
  if (part.enum !== undefined) return `Literal[${part.enum.map((value) => JSON.stringify(value)).join(', ')}]`;
  if (part.anyOf !== undefined) return union(part.anyOf.map((form) => typeOf(form, name, classes)));
  const types = [part.type ?? []].flat();
  if (types.length > 1) return union(types.map((type) => typeOf({ ...part, type: type as 'null' }, name, classes)));
  const [type] = types;
  if (type === 'array') {
    return `list[${Array.isArray(part.items) || part.items === undefined ? 'Any' : typeOf(part.items, name, classes)}]`;
  }
  if (type !== 'object') return PYTHON_TYPES[type ?? ''] ?? 'Any';
  if (part.properties === undefined) return 'dict[str, Any]';
  if (!classes.some((text) => text.startsWith(`class ${name}(`))) addClass(name, part, classes);
  return name;
}

function union(types: readonly string[]): string {
  const members = [...new Set(types)];
  return members.length === 1 ? (members[0] ?? 'Any') : `Union[${members.join(', ')}]`;
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|_)(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
