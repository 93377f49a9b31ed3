import { expect, inject, test } from 'vitest';
import pg from 'pg';
import { arrayLiteral } from './array-literal.ts';

test('an array of texts comes back unchanged, whatever the texts hold', async () => {
  const parts = ['', 'NULL', 'null', '{', '}', ',', '"', '\\', '\\"', ' a ', '\n', 'é', '😀'];
  const texts = [null, ...parts.flatMap((one) => parts.map((other) => one + other))];
  const client = new pg.Client({ connectionString: inject('databaseUrl') });
  await client.connect();
  try {
    for (const given of [[], [null], texts]) {
      const { rows } = await client.query<{ back: unknown }>('select $1::text[] as back', [arrayLiteral(given)]);
      expect(rows[0]?.back).toEqual(given);
    }
    const { rows } = await client.query(
      'select $1::float8[] as floats, $2::boolean[] as flags, $3::bigint[]::text[] as big',
      [
        arrayLiteral([0, -1.5, 1e21, Infinity, Number.NaN, null]),
        arrayLiteral([true, false, undefined]),
        arrayLiteral([2n ** 62n, -1n]),
      ],
    );
    expect(rows[0]).toEqual({
      floats: [0, -1.5, 1e21, Infinity, Number.NaN, null],
      flags: [true, false, null],
      big: ['4611686018427387904', '-1'],
    });
  } finally {
    await client.end();
  }
});

test('an array of anything else is left to the driver', () => {
  expect(arrayLiteral([Buffer.from('a')])).toBeNull();
  expect(arrayLiteral([new Date(0)])).toBeNull();
  expect(arrayLiteral([['a']])).toBeNull();
  expect(arrayLiteral([{}])).toBeNull();
});
