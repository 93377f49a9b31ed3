import { expect, test } from 'vitest';
import { LeaseWatch } from './lease-watch.ts';

const LEASE_MS = 6_000;
const HOUR_MS = 3_600_000;

type World = {
  /** When each executor renews its lease, in milliseconds from the beginning. */
  renewals: Record<string, number[]>;
  /** By how much the database's clock is ahead from a time on, in milliseconds. */
  clock?: { fromMs: number; aheadMs: number };
  untilMs: number;
};

/** Looks each second, and returns when each lease was first seen to have ended. */
function watching({ renewals, clock = { fromMs: 0, aheadMs: 0 }, untilMs }: World): Record<string, number> {
  const watch = new LeaseWatch(LEASE_MS);
  const databaseMs = (nowMs: number) => nowMs + (nowMs >= clock.fromMs ? clock.aheadMs : 0);
  const endedAtMs: Record<string, number> = {};
  for (let nowMs = 0; nowMs <= untilMs; nowMs += 1_000) {
    const leases = Object.entries(renewals).flatMap(([executorId, times]) => {
      const renewedAtMs = times.filter((ms) => ms <= nowMs).at(-1);
      if (renewedAtMs === undefined) return [];
      const expiresAtMs = databaseMs(renewedAtMs) + LEASE_MS;
      return [{ executorId, renewal: String(expiresAtMs), leftMs: expiresAtMs - databaseMs(nowMs) }];
    });
    for (const { executorId } of watch.ended(leases, nowMs)) endedAtMs[executorId] ??= nowMs;
  }
  return endedAtMs;
}

/** Every two seconds, until then. */
const renewing = (untilMs: number) => Array.from({ length: untilMs / 2_000 }, (_, index) => index * 2_000 + 500);

test('a lease ends when it has not been renewed for its length', () => {
  expect(watching({ renewals: { dead: renewing(10_000), alive: renewing(60_000) }, untilMs: 60_000 })).toEqual({
    dead: 15_000,
  });
});

test('setting the clock of the database forward ends no lease', () => {
  for (const fromMs of [20_000, 20_600, 21_000]) {
    const clock = { fromMs, aheadMs: HOUR_MS };
    expect(watching({ renewals: { alive: renewing(60_000) }, clock, untilMs: 60_000 })).toEqual({});
  }
});

test('the lease of a dead process ends although the clock of the database is set back', () => {
  const clock = { fromMs: 12_000, aheadMs: -HOUR_MS };
  const renewals = { dead: renewing(10_000), alive: renewing(60_000) };
  expect(watching({ renewals, clock, untilMs: 60_000 })).toEqual({ dead: 15_000 });
});

test('so does a lease that was renewed just before that, and seen only ten leases later', () => {
  const clock = { fromMs: 9_000, aheadMs: -HOUR_MS };
  expect(watching({ renewals: { dead: renewing(10_000) }, clock, untilMs: 120_000 })).toEqual({ dead: 69_000 });
});

test('a process that has just started looking ends no lease before its holder had time to renew it', () => {
  expect(watching({ renewals: { gone: [-60_000] }, untilMs: 10_000 })).toEqual({ gone: 5_000 });
});
