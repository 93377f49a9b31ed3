/**
 * Preloaded into all threads of a service: once the file of `CLOCK_JUMPS_WITH` exists, its wall clock is an hour behind,
 * as after a step of NTP.
 */
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const HOUR_MS = 3_600_000;
const file = process.env['CLOCK_JUMPS_WITH'] ?? '';

const looking = setInterval(() => {
  if (!existsSync(file)) return;
  clearInterval(looking);
  const now = Date.now;
  Date.now = () => now() - HOUR_MS;
  if (isMainThread) process.stderr.write('the clock has jumped\n');
}, 20);
looking.unref();
