/**
 * Preloaded into all threads of a service: its wall clock is off by the milliseconds that are in the file of `CLOCK_FILE`, as
 * after a step of NTP; without the file it is right. `trueNow` of the global object is the right time all the same.
 */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const LOOK_MS = 50;

const file = process.env['CLOCK_FILE'] ?? '';
const TrueDate = Date;
let byMs = 0;

const now = () => TrueDate.now() + byMs;
const movedDate = new Proxy(TrueDate, {
  apply: () => new TrueDate(now()).toString(),
  construct: (target, values: [], newTarget) =>
    Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
});
Object.assign(globalThis, { trueNow: () => TrueDate.now() });

const looking = setInterval(() => {
  const next = wantedMs();
  if (next === byMs) return;
  byMs = next;
  globalThis.Date = movedDate;
  if (isMainThread) process.stderr.write(`the clock has jumped, and is off by ${byMs} ms\n`);
}, LOOK_MS);
looking.unref();

function wantedMs(): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
