/** Doubled: the ledger, of which only the clock matters here. */
import { recordingLogger } from '@runlane/service-kit/testing';
import { expect, test } from 'vitest';
import { Leases } from './leases.ts';

const NOON = 1_800_000_000_000;

test.each([
  [30_000, 0],
  [-90_000, 1],
  [400_000, 1],
])('a clock that differs from that of the database by %i ms is told of so often: %i', async (skewMs, count) => {
  const { logger, events } = recordingLogger();
  let monotonicMs = 0;
  const leases = new Leases({
    ledger: {
      lease: async () => ({ endpoints: [], nowMs: NOON }),
      renew: async () => ({ endpointIds: new Set(), recalledIds: new Set(), nowMs: NOON }),
      release: async () => undefined,
    },
    owner: 'owner',
    leaseMs: 30_000,
    maxInFlight: 64,
    fixedRateOf: () => null,
    now: () => new Date(NOON + skewMs),
    monotonicMs: () => monotonicMs,
    onHeld: () => undefined,
    onGone: () => undefined,
    logger,
  });
  await leases.lease();
  monotonicMs += 1_000;
  await leases.lease();
  const told = events().filter(({ msg }) => msg === 'clock.differs_from_database');
  expect(told.map((line) => line['skew_ms'])).toEqual(Array.from({ length: count }, () => skewMs));
});
