/** When a held endpoint has something to fetch. */
import { expect, test } from 'vitest';
import { UNKNOWN_ORIGIN } from '../domain/origin-health.ts';
import { UNKNOWN_TARGET } from '../domain/target-health.ts';
import { dueTo } from './due-delivery.fixture.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import { HeldTarget } from './held-target.ts';

const WANTING = { targets: 32, perTarget: 8, isOnlyProven: false, without: [] };
const DELIVERY = dueTo('https://a.example/hook');
const STORED = { endpointId: 1n, runId: DELIVERY.runId, urlHash: DELIVERY.urlHash };
const FOUND = [{ endpointId: 1n, urlHash: DELIVERY.urlHash, health: UNKNOWN_TARGET, deliveries: [DELIVERY] }];

/** For which a fetch has found one delivery, and that there is no more. */
function endpoint(): HeldEndpoint {
  const leased = { endpointId: 1n, fencingToken: 1n, origin: 'https://a.example', site: 'a.example' };
  const held = new HeldEndpoint({ ...leased, health: UNKNOWN_ORIGIN }, { fixedRate: null, nowMs: 100 });
  held.isFetched();
  held.fetched(FOUND, WANTING, 110);
  expect(held.exhaustedAtMs).toBe(110);
  return held;
}

test('what is stored that is due has to be fetched, also when a fetch was under way', () => {
  const held = endpoint();
  held.isFetched();
  held.stored({ ...STORED, isNext: true });
  held.fetched([], WANTING, 120);
  expect(held.exhaustedAtMs).toBeNull();
  held.isFetched();
  held.fetched([], WANTING, 130);
  expect(held.exhaustedAtMs).toBe(130);
});

test('what waits for an earlier event of its run has to be fetched when that one has ended', () => {
  const held = endpoint();
  held.stored({ ...STORED, isNext: false });
  expect(held.exhaustedAtMs).toBe(110);
  const taken = held.take(1_800_000_000_000);
  if (taken === null) throw new Error('Nothing can be sent.');
  // As of an answer that was good.
  taken.target.health = { ...UNKNOWN_TARGET, succeededAtMs: 1 };
  held.answered(taken);
  expect(held.exhaustedAtMs).toBe(110);
  held.ended(taken);
  expect(held.exhaustedAtMs).toBeNull();
});

test('few URLs stay in line when nothing of them is left, and their places are computed when the lease is given back', () => {
  const held = endpoint();
  const urls = ['a', 'b', 'c', 'd', 'e'].map((urlHash) => new HeldTarget(urlHash, UNKNOWN_TARGET));
  const disabled = { ...UNKNOWN_TARGET, breaker: { kind: 'disabled' as const, because: 'gone' as const } };
  expect(held.leavesInLine(new HeldTarget('gone', disabled))).toBe(false);
  expect(urls.map((url) => held.leavesInLine(url))).toEqual([true, true, true, true, false]);
  expect([...held.emptyUrls]).toEqual(['a', 'b', 'c', 'd']);
});
