/**
 * Preloaded into all threads of a service: once the file of `CLOCK_JUMPS_WITH` exists, its wall clock is off by
 * `CLOCK_JUMPS_BY` milliseconds, as after a step of NTP.
 */
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env['CLOCK_JUMPS_WITH'] ?? '';
const byMs = Number(process.env['CLOCK_JUMPS_BY']);

const looking = setInterval(() => {
  if (!existsSync(file)) return;
  clearInterval(looking);
  const TrueDate = Date;
  const now = () => TrueDate.now() + byMs;
  globalThis.Date = new Proxy(TrueDate, {
    apply: () => new TrueDate(now()).toString(),
    construct: (target, values: [], newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  });
  if (isMainThread) process.stderr.write('the clock has jumped\n');
}, 20);
looking.unref();
