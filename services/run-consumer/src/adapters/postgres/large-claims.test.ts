/** What one claim reads. Real: Postgres. Decides: how many runs come at once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { EXECUTOR, LedgerWorld } from './ledger-world.fixture.ts';
import { createRunClaims } from './run-store.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

test('a claim takes large requests up to a number of bytes, at least one, and says that others were ready', async () => {
  for (const mib of [3, 3, 3, 3, 1]) {
    // One character is stored in next to nothing, and takes its room again as soon as it is read.
    await world.admit([{ create: { thread_id: randomUUID(), input: 'x'.repeat(mib * 2 ** 20) } }]);
  }
  const claims = createRunClaims(world.rows.pool);
  const known: string[] = [];
  const looks: { count: number; hasMore: boolean }[] = [];
  let hasMore = true;
  while (hasMore) {
    const claimed = await claims.claim(EXECUTOR, 100, known);
    hasMore = claimed.hasMore;
    looks.push({ count: claimed.runs.length, hasMore });
    known.push(...claimed.runs.map(({ runId }) => runId));
  }
  expect(looks).toEqual([
    { count: 3, hasMore: true },
    { count: 2, hasMore: false },
  ]);
});
