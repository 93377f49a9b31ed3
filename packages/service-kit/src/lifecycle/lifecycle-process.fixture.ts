/** A service to be killed: `node lifecycle-process.fixture.ts <behaviour>`. Logs to stdout, like a real one. */
import { once } from 'node:events';
import { createLogger } from '../logger.ts';
import { runService } from './lifecycle.ts';
import type { RunningService } from './lifecycle.ts';

const logger = createLogger({ service: 'fixture', level: 'debug' });
const never = new Promise<never>(() => undefined);

const behaviours: Record<string, (signal: AbortSignal) => RunningService> = {
  // Holds no handle: without the lifecycle's own, Node would end the process immediately.
  idle: () => ({ failed: [never] }),
  // Drains until the last of the signals is there.
  'slow-drain': () => ({ failed: [never], drain: () => once(process, 'SIGTERM').then(() => undefined) }),
  'hung-drain': () => ({ failed: [never], drain: () => never }),
  'leaked-handle': () => {
    setInterval(() => undefined, 1_000);
    return { failed: [never] };
  },
  throws: () => {
    setTimeout(() => {
      throw new Error('thrown in a timer');
    }, 10);
    return { failed: [never] };
  },
  rejects: () => {
    setTimeout(() => void Promise.reject(new Error('rejected by nobody')), 10);
    return { failed: [never] };
  },
  'hung-release': () => ({ failed: [never] }),
};

const name = process.argv[2] ?? 'idle';
const exitCode = await runService({
  logger,
  drainGraceMs: name === 'slow-drain' ? 60_000 : 1_000,
  disposeGraceMs: 500,
  start: async (scope, signal) => {
    scope.defer('pool', () => undefined);
    scope.defer('consumer', () => (name === 'hung-release' ? never : undefined));
    const service = behaviours[name]?.(signal);
    if (service === undefined) throw new Error(`There is no behaviour named ${name}.`);
    logger.info('fixture.ready');
    return service;
  },
});
process.exit(exitCode);
