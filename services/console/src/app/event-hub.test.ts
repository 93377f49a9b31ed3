import { expect, test } from 'vitest';
import { EventHub } from './event-hub.ts';
import type { Hint } from './event-hub.ts';

const hint = (n: number): Hint => ({ type: 'run.succeeded', run_id: String(n), thread_id: 't', at: '' });
const forever = new AbortController().signal;

test('a listener that keeps up is told everything, in order', async () => {
  const hub = new EventHub({ queueLength: 3, mostListeners: 1 });
  const listener = hub.listen();
  for (const n of [1, 2, 3]) hub.tell(hint(n));
  const told = await listener?.next(forever, 60_000);
  expect(told).toEqual([1, 2, 3].map((n) => ({ kind: 'hint', hint: hint(n) })));
  const next = listener?.next(forever, 60_000);
  hub.tell(hint(4));
  expect(await next).toEqual([{ kind: 'hint', hint: hint(4) }]);
});

test('one that does not is told to ask anew, once, and holds nobody else up', async () => {
  const hub = new EventHub({ queueLength: 3, mostListeners: 2 });
  const [slow, other] = [hub.listen(), hub.listen()];
  for (let n = 1; n <= 10; n += 1) {
    hub.tell(hint(n));
    expect(await other?.next(forever, 60_000)).toEqual([{ kind: 'hint', hint: hint(n) }]);
  }
  expect(await slow?.next(forever, 60_000)).toEqual([{ kind: 'reset' }]);
  hub.tell(hint(11));
  expect(await slow?.next(forever, 60_000)).toEqual([{ kind: 'hint', hint: hint(11) }]);
});

test('only as many listen as may, and who leaves makes room', () => {
  const hub = new EventHub({ queueLength: 1, mostListeners: 1 });
  const first = hub.listen();
  expect(hub.listen()).toBeNull();
  first?.leave();
  expect(hub.listenerCount).toBe(0);
  expect(hub.listen()).not.toBeNull();
});

test('quiet is told as well, and so is an end', async () => {
  const listener = new EventHub({ queueLength: 1, mostListeners: 1 }).listen();
  expect(await listener?.next(forever, 1)).toBeNull();
  expect(await listener?.next(AbortSignal.abort(), 60_000)).toBeNull();
});
