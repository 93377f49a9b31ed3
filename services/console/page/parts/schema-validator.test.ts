import type { RJSFSchema } from '@rjsf/utils';
import { expect, test } from 'vitest';
import { schemaErrors } from './schema-validator.ts';

const schema: RJSFSchema = {
  type: 'object',
  properties: { amount: { type: 'integer', minimum: 1 }, who: { $ref: '#/$defs/who' } },
  required: ['amount'],
  $defs: { who: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
};

test('a valid answer has no errors, and fields that were left empty are not in it', () => {
  expect(schemaErrors(schema, { amount: 1, who: { name: 'Ann' } })).toEqual([]);
  expect(schemaErrors(schema, { amount: 1, who: undefined })).toEqual([]);
});

test('a mistake is reported once, at its place', () => {
  const errors = schemaErrors(schema, { amount: 0, who: {} });
  expect(errors.map(({ name, property }) => [name, property])).toEqual([
    ['minimum', '.amount'],
    ['required', '.who'],
  ]);
  expect(schemaErrors(schema, {}).map(({ stack }) => stack)).toEqual([expect.stringMatching(/^The answer: .*amount/)]);
});

test('a part of a schema is judged with what its references lead to', () => {
  expect(schemaErrors({ $ref: '#/$defs/who' }, { name: 1 }, schema).map(({ property }) => property)).toEqual(['.name']);
});
