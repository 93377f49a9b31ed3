import { expect, test } from 'vitest';
import { UNKNOWN_TARGET, afterTargetAttempt } from '../domain/target-health.ts';
import type { TargetHealth } from '../domain/target-health.ts';
import { answered } from '../domain/outcomes.fixture.ts';
import { dueTo } from './due-delivery.fixture.ts';
import { HeldTarget, WELL_UNWRITTEN_MS } from './held-target.ts';

const NOON = 1_800_000_000_000;
const WELL: TargetHealth = { ...UNKNOWN_TARGET, succeededAtMs: NOON - 1_000 };

/** A URL with so many deliveries fetched, and what is written of it after each answer. */
function target(queued: number) {
  const held = new HeldTarget('hash', WELL);
  held.add(
    Array.from({ length: queued }, (_, n) => dueTo('https://a.example', { deliveryId: BigInt(n), runId: `run ${n}` })),
  );
  const answer = (status: number, nowMs: number): TargetHealth | null => {
    held.take(nowMs, false);
    const before = held.health;
    held.health = afterTargetAttempt(before, answered(status), {
      nowMs,
      sentAtMs: nowMs,
      isReplay: false,
      isProbe: false,
      random: 0,
    });
    const written = held.toWrite(before, nowMs);
    held.answered(false);
    return written;
  };
  return { held, answer };
}

test('the health of a URL that stays good is written once in a while, as it is then', () => {
  const { held, answer } = target(9);
  expect(answer(200, NOON)).toBe(held.health);
  expect(answer(200, NOON + 1)).toBeNull();
  expect(answer(200, NOON + WELL_UNWRITTEN_MS - 1)).toBeNull();
  expect(answer(200, NOON + WELL_UNWRITTEN_MS)).toBe(held.health);
  expect(held.health.minutes).toEqual([{ minute: NOON / 60_000, good: 4, bad: 0 }]);
});

test('changes that decisions depend on are written immediately: a failure, and the success after it', () => {
  const { held, answer } = target(9);
  answer(200, NOON);
  expect(answer(500, NOON + 1)).toBe(held.health);
  expect(answer(200, NOON + 2)).toBe(held.health);
  expect(answer(200, NOON + 3)).toBeNull();
  expect(answer(429, NOON + 4)).toBe(held.health);
});

test('the last answer of a queue is written, because its place in line is; and so is the first answer after it', () => {
  const { held, answer } = target(3);
  answer(200, NOON);
  expect(answer(200, NOON + 1)).toBeNull();
  expect(held.hasMore).toBe(true);
  expect(answer(200, NOON + 2)).toBe(held.health);
  held.add([8n, 9n].map((deliveryId) => dueTo('https://a.example', { deliveryId, runId: `run ${deliveryId}` })));
  expect(answer(200, NOON + 3)).toBe(held.health);
});
