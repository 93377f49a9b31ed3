/** What a held endpoint takes of what intake has stored: nothing that anybody else may have, and nothing twice. */
import { expect, test } from 'vitest';
import { UNKNOWN_ORIGIN } from '../domain/origin-health.ts';
import { UNKNOWN_TARGET } from '../domain/target-health.ts';
import { dueTo } from './due-delivery.fixture.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import type { DueDelivery } from './ports.ts';

const URL = 'https://a.example/hook';
const NOW = 1_800_000_000_000;
const WELL = { ...UNKNOWN_TARGET, succeededAtMs: NOW - 1_000 };
const WANTING = { targets: 32, perTarget: 8, isOnlyProven: false, without: [] };

const delivery = (n: number): DueDelivery =>
  dueTo(URL, { deliveryId: BigInt(n), runId: `run ${n}`, urlHash: 'hash', body: Buffer.from('{}') });
const found = (...ns: number[]) => [
  { endpointId: 1n, urlHash: 'hash', health: WELL, deliveries: ns.map((n) => delivery(n)) },
];

/** Leased at 100 by the monotonic clock, and fetched for from 110 to 120: one delivery. */
function endpoint(): HeldEndpoint {
  const leased = { endpointId: 1n, fencingToken: 1n, origin: 'https://a.example', site: 'a.example' };
  const health = { ...UNKNOWN_ORIGIN, hasSucceeded: true };
  const held = new HeldEndpoint({ ...leased, health }, { fixedRate: null, heldSinceMs: 100 });
  fetch(held, 120, 0);
  return held;
}

function fetch(held: HeldEndpoint, endedMs: number, ...ns: number[]): void {
  held.isFetched();
  held.fetched(found(...ns), WANTING, { beganMs: endedMs - 10, endedMs });
}

function sent(held: HeldEndpoint): bigint[] {
  const ids: bigint[] = [];
  for (let taken = held.take(NOW); taken !== null; taken = held.take(NOW)) ids.push(taken.delivery.deliveryId);
  return ids;
}

test('what is stored is sent without a fetch, and a fetch that is under way adds it no second time', () => {
  const held = endpoint();
  expect(held.takeStored(delivery(1), 130, NOW)).toBe(true);
  held.isFetched();
  expect(held.takeStored(delivery(2), 140, NOW)).toBe(true);
  held.fetched(found(2, 3), WANTING, { beganMs: 135, endedMs: 150 });

  expect(held.busyIds).toEqual([0n, 1n, 2n, 3n]);
  expect(sent(held)).toEqual([0n, 1n, 2n, 3n]);
});

test('what a holder before this one, or a fetch, may have seen already is left to the next fetch', () => {
  const held = endpoint();
  expect(held.takeStored(delivery(1), 100, NOW)).toBe(false);
  expect(held.takeStored(delivery(1), 120, NOW)).toBe(false);
  expect(held.busyIds).toEqual([0n]);
});

test('nothing passes what has waited longer in the ledger', () => {
  const held = endpoint();
  fetch(held, 130, 1, 2, 3, 4, 5, 6, 7, 8);
  expect(held.takeStored(delivery(10), 140, NOW)).toBe(false);
  fetch(held, 150, 10);
  expect(held.takeStored(delivery(11), 160, NOW)).toBe(true);
});

test('an endpoint that leaves, a URL that is not known and one that has to pause take nothing', () => {
  const held = endpoint();
  expect(held.takeStored({ ...delivery(1), urlHash: 'another' }, 130, NOW)).toBe(false);
  held.isFetched();
  const paused = { ...WELL, breaker: { kind: 'open' as const, untilMs: NOW + 1_000, openMs: 30_000 } };
  const pausedOne = { ...delivery(2), urlHash: 'paused' };
  held.fetched([{ endpointId: 1n, urlHash: 'paused', health: paused, deliveries: [pausedOne] }], WANTING, {
    beganMs: 130,
    endedMs: 140,
  });
  expect(held.takeStored({ ...delivery(3), urlHash: 'paused' }, 150, NOW)).toBe(false);
  held.leave();
  expect(held.takeStored(delivery(4), 150, NOW)).toBe(false);
});

test('when an event has ended that another one of its run waits for, a fetch is due again', () => {
  const held = endpoint();
  const taken = held.take(NOW);
  if (taken === null) throw new Error('Nothing can be sent.');
  held.isFollowed({ ...delivery(9), runId: taken.delivery.runId });
  expect(held.exhaustedAtMs).not.toBeNull();
  held.answered(taken);
  held.ended(taken);
  expect(held.exhaustedAtMs).toBeNull();
});
