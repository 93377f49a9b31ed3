/**
 * I8: the lowest checkpoint at which a rollback looks. Real: Postgres. Decides: the floor that claims store and return.
 */
import { randomUUID } from 'node:crypto';
import { checkpointFloorAt } from '@runlane/checkpoint/threads';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ClaimedRun, Outcome } from '../../domain/run.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const handedBack: Outcome = {
  kind: 'handed_back',
  spendsAttempt: false,
  isolate: false,
  error: { error: 'E', message: 'm' },
};

async function begun(): Promise<ClaimedRun> {
  await world.admit([{ create: { thread_id: randomUUID() } }]);
  return world.claimOne();
}

/** The floor of the next claim, when the row has `stored` from the one before. */
async function floorAfter(stored: string | null): Promise<string | null> {
  const run = await begun();
  await world.rows.pool.query('update runlane.runs set checkpoint_floor = $2 where run_id = $1', [run.runId, stored]);
  await world.settle(run, handedBack);
  return (await world.claimOne()).checkpointFloor;
}

test('a first claim has the floor of its time', async () => {
  const before = checkpointFloorAt(Date.now());
  const { checkpointFloor } = await begun();
  expect(checkpointFloor).not.toBeNull();
  expect((checkpointFloor ?? '') >= before && (checkpointFloor ?? '') <= checkpointFloorAt(Date.now())).toBe(true);
});

test('a later claim has the lowest floor, whichever clock is behind', async () => {
  const early = checkpointFloorAt(0);
  expect(await floorAfter(early)).toBe(early);
  const late = checkpointFloorAt(Date.now() + 86_400_000);
  const lowered = (await floorAfter(late)) ?? late;
  expect(lowered < late).toBe(true);
});

test('a run that has begun without a floor gets none', async () => {
  expect(await floorAfter(null)).toBeNull();
});
