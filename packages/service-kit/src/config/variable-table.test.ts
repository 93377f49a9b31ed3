import { expect, test } from 'vitest';
import { z } from 'zod';
import { variableTable } from './variable-table.ts';

test('each variable has a row with its default, or with "required" or "unset"', () => {
  const schema = z.object({
    NEEDED: z.string().meta({ description: 'Nothing works without.' }),
    LEFT_OUT: z.string().nullable().default(null).meta({ description: 'One | or the other.' }),
    COUNT: z.number().default(3).meta({ description: 'How many.' }),
  });
  expect(variableTable(schema)).toContain(
    [
      '| variable   | default  |                        |',
      '| ---------- | -------- | ---------------------- |',
      '| `NEEDED`   | required | Nothing works without. |',
      '| `LEFT_OUT` |          | One \\| or the other.   |',
      '| `COUNT`    | `3`      | How many.              |',
    ].join('\n'),
  );
});
