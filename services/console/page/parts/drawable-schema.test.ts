import type { RJSFSchema } from '@rjsf/utils';
import { expect, test } from 'vitest';
import { undrawable } from './drawable-schema.ts';

const nested = (depth: number): RJSFSchema =>
  depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } };
const wide = (count: number): RJSFSchema => ({
  type: 'object',
  properties: Object.fromEntries(Array.from({ length: count }, (_, n) => [`field ${n}`, { type: 'string' }])),
});
/** Each level names the next one twice, so that its text is short and its form is not. */
const doubling = (levels: number): RJSFSchema => ({
  $ref: '#/$defs/0',
  $defs: Object.fromEntries(
    Array.from({ length: levels }, (_, n) => [
      n,
      { type: 'object', properties: { a: { $ref: `#/$defs/${n + 1}` }, b: { $ref: `#/$defs/${n + 1}` } } },
    ]).concat([[levels, { type: 'string' }]] as never),
  ),
});

test.each<[string, RJSFSchema]>([
  ['fields', wide(200)],
  ['a definition that is used twice', doubling(1)],
  ['choices', { oneOf: [{ const: 1 }, { const: 2 }], anyOf: [{ type: 'integer' }] }],
  ['a name with a percent sign', { $ref: '#/$defs/100%', $defs: { '100%': { type: 'string' } } }],
  ['nothing', {}],
])('a form is drawn from %s', (_, schema) => {
  expect(undrawable(schema)).toBeNull();
});

test.each<[string, RJSFSchema, RegExp]>([
  ['is deep', nested(100), /levels deep/],
  ['is huge', wide(5_000), /more than 1000 parts/],
  ['grows by its references', doubling(10), /levels deep|parts/],
  ['contains itself', { type: 'object', properties: { next: { $ref: '#' } } }, /contains itself by "#"/],
  ['contains itself in a list', { type: 'array', items: { $ref: '#' } }, /contains itself/],
  [
    'contains itself over another one',
    {
      $ref: '#/$defs/a',
      $defs: { a: { properties: { b: { $ref: '#/$defs/b' } } }, b: { not: { $ref: '#/$defs/a' } } },
    },
    /contains itself by "#\/\$defs\/a"/,
  ],
  ['refers to nothing', { properties: { a: { $ref: '#/$defs/gone' } } }, /refers to "#\/\$defs\/gone"/],
  ['refers to another place', { $ref: 'https://elsewhere.example/schema' }, /refers to "https/],
  ['refers to what every object has', { $ref: '#/constructor' }, /refers to/],
  ['has a reference that is no text', { $ref: 7 } as never, /refers to 7/],
  ['has a pattern that is none', { type: 'string', pattern: '(' }, /a pattern that is none, "\("/],
])('no form is drawn from a schema that %s', (_, schema, why) => {
  expect(undrawable(schema)).toMatch(why);
});
