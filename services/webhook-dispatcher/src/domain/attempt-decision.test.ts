import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideDelivery } from './attempt-decision.ts';
import type { DeliveryDecision } from './attempt-decision.ts';
import type { DeliveryFacts, Outcome } from './delivery.ts';
import { OUTCOMES, answered, blocked, blockedForNow, failed, infrastructure } from './outcomes.fixture.ts';

const SCHEDULE = [5, 300];
const FIRST: DeliveryFacts = { attempts: 0, isTerminal: true, isReplay: false, dueForMs: 0 };
const MIDDLE = 0.5; // no jitter

const decide = (outcome: Outcome, delivery: Partial<DeliveryFacts> = {}): DeliveryDecision =>
  decideDelivery({ ...FIRST, ...delivery }, outcome, SCHEDULE, MIDDLE);

describe('the table of the header', () => {
  const retryIn5s = { kind: 'retry', afterMs: 5_000, isCharged: true, yields: false };
  const deadAs = (reason: string, isCharged = true) => ({ kind: 'dead', reason, isCharged });

  test.each<[string, Outcome, object]>([
    ['200', answered(200), { kind: 'delivered' }],
    ['299', answered(299), { kind: 'delivered' }],
    ['200 with an instruction', answered(200, { instruction: 'disable' }), { kind: 'delivered' }],
    ['301', answered(301), retryIn5s],
    ['400', answered(400), retryIn5s],
    ['401', answered(401), retryIn5s],
    ['404', answered(404), retryIn5s],
    ['410', answered(410), deadAs('gone')],
    ['500', answered(500), retryIn5s],
    ['503', answered(503), retryIn5s],
    ['429', answered(429), { kind: 'retry', isCharged: false, yields: false }],
    ['503 with Retry-After', answered(503, { retryAfterSeconds: 60 }), { kind: 'retry', isCharged: false }],
    ['abort-message', answered(400, { instruction: 'abort-message' }), deadAs('aborted')],
    ['disable', answered(400, { instruction: 'disable' }), deadAs('disabled')],
    ['dns', failed('dns'), retryIn5s],
    ['connect', failed('connect'), retryIn5s],
    ['tls', failed('tls'), retryIn5s],
    ['timeout', failed('timeout'), retryIn5s],
    ['protocol', failed('protocol'), retryIn5s],
    ['a second stale connection', failed('stale_connection'), retryIn5s],
    ['blocked', blocked, deadAs('blocked', false)],
    ['blocked by an answer of DNS', blockedForNow, retryIn5s],
    ['infrastructure', infrastructure, { kind: 'retry', afterMs: 5_000, isCharged: false, yields: false }],
  ])('%s', (_name, outcome, expected) => {
    expect(decide(outcome)).toMatchObject(expected);
  });
});

test('each attempt waits for its step of the schedule, and after the last one the delivery is exhausted', () => {
  expect(decide(answered(500), { attempts: 0 })).toMatchObject({ kind: 'retry', afterMs: 5_000 });
  expect(decide(answered(500), { attempts: 1 })).toMatchObject({ kind: 'retry', afterMs: 300_000 });
  expect(decide(answered(500), { attempts: 2 })).toMatchObject({ kind: 'dead', reason: 'exhausted' });
});

test('a name with a denied address is looked up again at each step, and in the end the delivery is blocked', () => {
  expect(decide(blockedForNow, { attempts: 1 })).toMatchObject({ kind: 'retry', afterMs: 300_000 });
  expect(decide(blockedForNow, { attempts: 2 })).toMatchObject({ kind: 'dead', reason: 'blocked', isCharged: true });
});

test('throttling spends no attempt and no step for three days, and then counts like any other refusal', () => {
  const throttled = answered(429, { retryAfterSeconds: 60 });
  const afterHours = (hours: number) => decide(throttled, { attempts: 2, dueForMs: hours * 3_600_000 });
  expect(afterHours(71)).toMatchObject({ kind: 'retry', isCharged: false });
  expect(afterHours(72)).toMatchObject({ kind: 'dead', reason: 'exhausted' });
});

test('a fault of ours never exhausts the attempts', () => {
  expect(decide(infrastructure, { attempts: 2 })).toMatchObject({ kind: 'retry', isCharged: false });
});

test('Retry-After prolongs a step, to a day at most, and shortens none', () => {
  const wait = (retryAfterSeconds: number) => decide(answered(500, { retryAfterSeconds }));
  expect(wait(60)).toMatchObject({ afterMs: 60_000 });
  expect(wait(1)).toMatchObject({ afterMs: 5_000 });
  expect(wait(1e9)).toMatchObject({ afterMs: 86_400_000 });
});

test('only a retry of what is neither terminal nor a replay gives way to a newer event', () => {
  expect(decide(answered(500), { isTerminal: false })).toMatchObject({ yields: true });
  expect(decide(answered(500), { isTerminal: true })).toMatchObject({ yields: false });
  expect(decide(answered(500), { isTerminal: false, isReplay: true })).toMatchObject({ yields: false });
  expect(decide(infrastructure, { isTerminal: false })).toMatchObject({ yields: false });
});

test('a delivery ends after at most one charged attempt more than the schedule has steps', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...OUTCOMES)),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (outcomes, random) => {
        let attempts = 0;
        let ended = false;
        const waits: number[] = [];
        for (const outcome of outcomes) {
          const decision = decideDelivery({ ...FIRST, attempts }, outcome, SCHEDULE, random);
          if (decision.kind === 'retry') {
            attempts += decision.isCharged ? 1 : 0;
            waits.push(decision.afterMs);
            continue;
          }
          ended = true;
          break;
        }
        expect(waits.filter((ms) => ms < 0 || ms > 86_400_000)).toEqual([]);
        expect(attempts).toBeLessThanOrEqual(SCHEDULE.length);
        expect(ended || attempts <= SCHEDULE.length).toBe(true);
      },
    ),
  );
});
