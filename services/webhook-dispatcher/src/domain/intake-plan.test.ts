import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planIntake } from './intake-plan.ts';
import type { IntakePlan, KnownDelivery, TargetedEvent } from './intake-plan.ts';

function event(sequence: number, more: Partial<TargetedEvent> = {}): TargetedEvent {
  return {
    eventId: `event-${sequence}`,
    runId: 'run',
    sequence,
    type: 'run.running',
    isTerminal: false,
    offset: 0n,
    url: 'https://example.org/hook',
    urlHash: 'hash',
    origin: 'https://example.org',
    site: 'example.org',
    refusal: null,
    body: Buffer.from('{}'),
    ...more,
  };
}

function known(sequence: number, more: Partial<KnownDelivery> = {}): KnownDelivery {
  return {
    deliveryId: BigInt(sequence),
    eventId: `event-${sequence}`,
    runId: 'run',
    urlHash: 'hash',
    sequence,
    isDue: true,
    isRetrying: false,
    isTerminal: false,
    isReplay: false,
    ...more,
  };
}

const fates = ({ deliveries }: IntakePlan) =>
  deliveries.map(({ event: { sequence }, fate }) =>
    fate.state === 'dead' ? `${sequence} ${fate.reason}` : `${sequence} ${fate.isReady ? 'ready' : 'waits'}`,
  );

test('the first event of a run is ready, the next one waits for it', () => {
  expect(fates(planIntake([event(1), event(2)], []))).toEqual(['1 ready', '2 waits']);
});

test('an event waits for a known event that is due, and not for one that has ended', () => {
  expect(fates(planIntake([event(2)], [known(1)]))).toEqual(['2 waits']);
  expect(fates(planIntake([event(2)], [known(1, { isDue: false })]))).toEqual(['2 ready']);
});

test('runs and URLs do not wait for each other', () => {
  const others = [event(2, { runId: 'other' }), event(3, { urlHash: 'other' })];
  expect(fates(planIntake(others, [known(1)]))).toEqual(['2 ready', '3 ready']);
});

test('an event that the ledger or the batch has already is a repeat', () => {
  const plan = planIntake([event(1), event(2), event(2)], [known(1)]);
  expect(fates(plan)).toEqual(['2 waits']);
  expect(plan.repeatCount).toBe(2);
});

test('the same event for another URL is another delivery', () => {
  expect(fates(planIntake([event(1), event(1, { urlHash: 'other' })], []))).toEqual(['1 ready', '1 ready']);
});

test('an event ends the events of its run that wait for a retry', () => {
  const plan = planIntake([event(3)], [known(1, { isRetrying: true }), known(2)]);
  expect(plan.superseded).toEqual([{ deliveryId: 1n, bySequence: 3 }]);
  expect(fates(plan)).toEqual(['3 waits']);
  expect(fates(planIntake([event(3)], [known(1, { isRetrying: true })]))).toEqual(['3 ready']);
});

test.each([
  ['a terminal one', { isTerminal: true }],
  ['a replay', { isReplay: true }],
  ['one of another run', { runId: 'other' }],
])('it does not end %s', (_name, more) => {
  expect(planIntake([event(3)], [known(1, { isRetrying: true, ...more })]).superseded).toEqual([]);
});

test('an event that comes after a newer one is superseded, unless it is terminal', () => {
  expect(fates(planIntake([event(2)], [known(3)]))).toEqual(['2 superseded']);
  expect(fates(planIntake([event(2)], [known(3, { isDue: false })]))).toEqual(['2 superseded']);
  expect(fates(planIntake([event(3), event(2)], []))).toEqual(['3 ready', '2 superseded']);
  expect(fates(planIntake([event(2, { isTerminal: true })], [known(3)]))).toEqual(['2 ready']);
});

test('a delivery to a refused URL is dead from the start, and none waits for it', () => {
  const plan = planIntake([event(1, { refusal: 'denied_address: it is private' }), event(2)], []);
  expect(fates(plan)).toEqual(['1 blocked', '2 ready']);
});

test('whatever comes in whatever order, every event is one delivery or a repeat, and every run with a due one has a ready one', () => {
  const events = fc.array(
    fc.record({ sequence: fc.integer({ min: 1, max: 5 }), run: fc.constantFrom('a', 'b'), isTerminal: fc.boolean() }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(events, (asked) => {
      const batch = asked.map(({ sequence, run, isTerminal }) =>
        event(sequence, { runId: run, eventId: `${run}-${sequence}`, isTerminal }),
      );
      const plan = planIntake(batch, []);
      expect(plan.deliveries.length + plan.repeatCount).toBe(batch.length);
      const ids = plan.deliveries.map((delivery) => delivery.event.eventId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const run of ['a', 'b']) {
        const due = plan.deliveries.filter(({ event: { runId }, fate }) => runId === run && fate.state === 'due');
        const oldest = due.toSorted((a, b) => a.event.sequence - b.event.sequence)[0];
        expect(oldest === undefined || (oldest.fate.state === 'due' && oldest.fate.isReady)).toBe(true);
      }
    }),
  );
});
