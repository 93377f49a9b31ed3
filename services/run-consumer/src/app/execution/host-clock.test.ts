import { expect, test } from 'vitest';
import { recordingLog } from '../recording-ports.fixture.ts';
import { HostClock } from './host-clock.ts';

function hostClock() {
  const log = recordingLog();
  let nowMs = 0;
  const clock = new HostClock({ monotonicMs: () => nowMs, logger: log.logger });
  return { clock, log, pass: (ms: number) => void (nowMs += ms) };
}

test.each([
  ['answers in between', 1_000, 0, null],
  ['is behind by less than the limit', -4_000, 4_000, null],
  ['is far behind', -59_000, 59_000, 'the clock of this host is 59 s ahead of the database'],
  ['is far ahead', 62_000, -60_000, 'the clock of this host is 60 s behind the database'],
])('a database whose clock %s', (_what, databaseMs, offsetMs, problem) => {
  const { clock } = hostClock();
  clock.note(databaseMs, 0, 2_000);
  expect(clock.offsetMs).toBe(offsetMs);
  expect(clock.problem).toBe(problem === null ? null : `${problem}'s; run a time service on both`);
});

test('a difference is told once a minute, and no longer when it has gone', () => {
  const { clock, log, pass } = hostClock();
  clock.note(0, 30_000, 30_000);
  clock.note(0, 30_000, 30_000);
  pass(60_000);
  clock.note(0, 2_000, 2_000);
  expect(log.parsed()).toMatchObject([
    { msg: 'clock.differs_from_database', level: 'error', skew_ms: 30_000, claims: 'none' },
    { msg: 'clock.differs_from_database', level: 'warn', skew_ms: 2_000 },
  ]);
  pass(60_000);
  clock.note(0, 0, 1);
  expect(log.messages()).toHaveLength(2);
  expect(clock.problem).toBeNull();
});
