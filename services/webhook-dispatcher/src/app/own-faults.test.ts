import { expect, test } from 'vitest';
import { infrastructure } from '../domain/outcomes.fixture.ts';
import { OwnFaults } from './own-faults.ts';
import type { AttemptOutcome } from './ports.ts';

const EVERYWHERE: AttemptOutcome = { kind: 'infrastructure', message: 'The proxy is down.', isEverywhere: true };
const OK: AttemptOutcome = {
  kind: 'response',
  status: 500,
  retryAfterSeconds: null,
  instruction: null,
  bodyBytes: 0,
  bodyExcerpt: null,
};

function faulty(count: number, nowMs = 0): OwnFaults {
  const faults = new OwnFaults();
  for (let n = 0; n < count; n += 1) faults.note(EVERYWHERE, nowMs);
  return faults;
}

test('ten faults of ours in a row pause everything; then one attempt is sent, and each that fails doubles the pause', () => {
  expect(faulty(9).room(0, 256)).toBe(256);
  const faults = faulty(10);
  expect([faults.room(999, 256), faults.room(1_000, 256)]).toEqual([0, 1]);
  let atMs = 1_000;
  const pauses = Array.from({ length: 7 }, () => {
    const pauseMs = faults.note(EVERYWHERE, atMs) ?? 0;
    atMs += pauseMs;
    return pauseMs;
  });
  expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('attempts that were under way when the pause began do not prolong it', () => {
  const faults = faulty(10);
  expect(faults.note(EVERYWHERE, 500)).toBeNull();
  expect(faults.room(1_000, 256)).toBe(1);
});

test('any answer shows that sending works again', () => {
  const faults = faulty(12);
  faults.note(OK, 5_000);
  expect(faults.room(5_000, 256)).toBe(256);
});

test.each([
  ['a fault of one attempt', infrastructure],
  ['a blocked one', { kind: 'blocked', code: 'denied_address', message: 'It is private.' }],
] as const)('%s shows neither that sending works nor that it does not', (_name, outcome) => {
  const faults = faulty(9);
  for (let n = 0; n < 20; n += 1) faults.note(outcome as AttemptOutcome, 0);
  expect(faults.room(0, 256)).toBe(256);
  faults.note(EVERYWHERE, 0);
  expect(faults.room(0, 256)).toBe(0);
});
