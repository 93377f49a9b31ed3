import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSchemas, parseRunCancel, parseRunCreate, parseRunStatusEvent } from './index.ts';
import type { Json, JsonObject, SchemaName } from './index.ts';
import { BAD_CANCELS, GOOD_CANCELS } from './requests/run-cancel.examples.ts';
import {
  BAD_COMBINATIONS,
  BAD_VALUES,
  COMPANIONS,
  GOOD_COMBINATIONS,
  GOOD_VALUES,
  UNKNOWN_FIELDS,
} from './requests/run-create.examples.ts';
import { BAD_EVENT_VALUES, GOOD_EVENT_VALUES, PAUSED, REJECTED } from './events/run-status-event.examples.ts';

// The generated schemas are judged by a real Ajv 8, as strict as it gets, with ajv-formats, as the registry
// client has them. Decides: it agrees with the zod parsers on every example and on random mixtures of them.

const schemas = jsonSchemas();
const validators = {
  RunCreate: compiled('RunCreate'),
  RunCancel: compiled('RunCancel'),
  RunStatusEvent: compiled('RunStatusEvent'),
};

describe('the JSON Schema of RunCreate', () => {
  it('accepts what the parser accepts', () => {
    const single = entriesOf(GOOD_VALUES).map((fields) => ({ assistant_id: 'agent', ...fields }));
    const combined = GOOD_COMBINATIONS.map((fields) => ({ assistant_id: 'agent', ...fields }));
    expect([...single, ...combined].filter((json) => !validators.RunCreate(json))).toEqual([]);
  });

  it('refuses what the parser refuses', () => {
    const single = Object.entries(BAD_VALUES).flatMap(([field, values]) =>
      values.map((value): Json => ({ assistant_id: 'agent', ...COMPANIONS[field], [field]: value })),
    );
    const combined = BAD_COMBINATIONS.map(({ request }) => ({ assistant_id: 'agent', ...request }));
    const unknown: Json[] = UNKNOWN_FIELDS.map((field) =>
      JSON.parse(`{"assistant_id":"agent",${JSON.stringify(field)}:null}`),
    );
    const others: Json[] = [{}, null, [], 'agent', 1];
    expect([...single, ...combined, ...unknown, ...others].filter((json) => validators.RunCreate(json))).toEqual([]);
  });

  it('agrees with the parser on any mixture of good and bad fields', () => {
    const mixture = fc.record(
      Object.fromEntries(
        Object.keys(GOOD_VALUES).map((field) => {
          const good = [...(GOOD_VALUES[field] ?? []), ...combinedValuesOf(field)];
          const bad = BAD_VALUES[field] ?? [];
          const weighted = [{ arbitrary: fc.constantFrom(...good), weight: 30 }];
          if (bad.length > 0) weighted.push({ arbitrary: fc.constantFrom(...bad), weight: 1 });
          return [field, fc.oneof(...weighted)];
        }),
      ),
      { requiredKeys: ['assistant_id'] },
    );
    const verdicts = { ok: 0, invalid: 0 };
    fc.assert(
      fc.property(fc.subarray(Object.keys(GOOD_VALUES)), mixture, (fields, all) => {
        const json: JsonObject = { assistant_id: all['assistant_id'] ?? null };
        for (const field of fields) if (field in all) json[field] = all[field] ?? null;
        const verdict = parseRunCreate(json);
        verdicts[verdict.kind] += 1;
        expect(validators.RunCreate(json)).toBe(verdict.kind === 'ok');
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(verdicts.ok, verdicts.invalid)).toBeGreaterThan(250);
  });

  it('is closed and requires only the assistant: defaults and nulls may be left out', () => {
    expect(schemas.RunCreate).toMatchObject({ additionalProperties: false, required: ['assistant_id'] });
    expect(validators.RunCreate({ assistant_id: 'agent', config: { later: 1 } })).toBe(false);
    expect(validators.RunCreate({ assistant_id: 'agent', command: { goto: 'a', later: 1 } })).toBe(false);
  });
});

describe('the JSON Schema of RunCancel', () => {
  it('agrees with the parser', () => {
    const all = [...GOOD_CANCELS, ...BAD_CANCELS].map(({ json }) => json);
    for (const json of all) {
      expect([json, validators.RunCancel(json)]).toEqual([json, parseRunCancel(json).kind === 'ok']);
    }
  });

  it('is closed and requires no single field', () => {
    expect(schemas.RunCancel).toMatchObject({ additionalProperties: false });
    expect(schemas.RunCancel.required ?? []).toEqual([]);
  });
});

describe('the JSON Schema of RunStatusEvent', () => {
  it('agrees with the parser', () => {
    const missing = Object.keys(PAUSED).map((field) =>
      Object.fromEntries(Object.entries(PAUSED).filter(([name]) => name !== field)),
    );
    const changed = [...entriesOf(GOOD_EVENT_VALUES), ...entriesOf(BAD_EVENT_VALUES)];
    const all: Json[] = [
      PAUSED,
      REJECTED,
      ...missing,
      ...changed.map((fields) => ({ ...PAUSED, ...fields })),
      null,
      [],
    ];
    for (const json of all) {
      expect([json, validators.RunStatusEvent(json)]).toEqual([json, parseRunStatusEvent(json).kind === 'ok']);
    }
  });

  it('is open at every level, and requires every field', () => {
    expect(JSON.stringify(schemas.RunStatusEvent)).not.toContain('additionalProperties');
    expect(schemas.RunStatusEvent.required?.toSorted()).toEqual(Object.keys(PAUSED).toSorted());
  });
});

describe('every schema', () => {
  it.each(Object.entries(schemas))('is draft-07 and has no $id: %s', (name, schema) => {
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', title: name, type: 'object' });
    expect(JSON.stringify(schema)).not.toContain('"$id"');
  });

  it.each(Object.entries(schemas))('constrains each field that does not take any JSON: %s', (_, schema) => {
    const free = Object.entries(schema.properties ?? {})
      .filter(([, field]) => Object.keys(field).every((keyword) => keyword === 'description'))
      .map(([field]) => field);
    expect(free.filter((field) => field !== 'input' && field !== 'values')).toEqual([]);
  });

  it.each(Object.entries(schemas))('describes each field: %s', (_, schema) => {
    const fields = Object.entries(schema.properties ?? {});
    expect(fields.filter(([, field]) => typeof field !== 'object' || !field.description)).toEqual([]);
  });
});

function compiled(name: SchemaName): ValidateFunction {
  const warnings: unknown[] = [];
  const warn = (message: unknown): void => void warnings.push(message);
  const ajv = new Ajv({
    strict: true,
    strictTypes: true,
    strictTuples: true,
    logger: { log: warn, warn, error: warn },
  });
  formats.default(ajv);
  const validate = ajv.compile(schemas[name]);
  expect(warnings).toEqual([]);
  return validate;
}

function entriesOf(table: { [field: string]: Json[] }): JsonObject[] {
  return Object.entries(table).flatMap(([field, values]) => values.map((value) => ({ [field]: value })));
}

/** Values of the field in the examples of combinations, so that random mixtures hit these too. */
function combinedValuesOf(field: string): Json[] {
  const requests = [...GOOD_COMBINATIONS, ...BAD_COMBINATIONS.map(({ request }) => request)];
  return requests.flatMap((request) => (field in request ? [request[field] ?? null] : []));
}
