import { expect, test } from 'vitest';
import { createRunWatch } from './run-watch.ts';
import { statusEvent } from './status-event.fixture.ts';

const received = (event: ReturnType<typeof statusEvent>, bytes: number) => ({
  event,
  bytes,
  topic: 't',
  partition: 0,
  offset: 0n,
  timestampMs: 0,
});

test('keeps the ends of runs that nobody has asked for yet; of many, the latest', async () => {
  const watch = createRunWatch(100);
  const events = [1, 2, 3].map(() => statusEvent());
  watch.take(events.map((event) => received(event, 40)));
  const outcome = (index: number) =>
    Promise.race([watch.watch(events[index]?.run_id ?? '').ended, Promise.resolve('not known')]);
  expect(await outcome(0)).toBe('not known');
  expect(await outcome(1)).toBe(events[1]);
  expect(await outcome(2)).toBe(events[2]);
});

test('gives a watcher the last event before the end', async () => {
  const watch = createRunWatch();
  const running = statusEvent({ type: 'run.running' });
  const { ended, last, forget } = watch.watch(running.run_id);
  watch.take([received(running, 1)]);
  expect(last()).toBe(running);
  const end = statusEvent({ run_id: running.run_id });
  watch.take([received(end, 1)]);
  expect(await ended).toBe(end);
  forget();
});
