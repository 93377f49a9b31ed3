import { expect, test } from 'vitest';
import { memoryWarning } from './memory-limit.ts';

const MIB = 1_048_576;
const executor = {
  RUNLANE_ROLES: ['execution' as const],
  RUNLANE_WORKER_THREADS: 2,
  RUNLANE_WORKER_MEMORY_MB: 1_024,
};

test('a limit below what the worker threads may need is told with both sums and the variables', () => {
  expect(memoryWarning(executor, 512 * MIB)).toMatch(
    /may use 512 MiB, .* may need 2816 MiB: .*RUNLANE_WORKER_MEMORY_MB or RUNLANE_WORKER_THREADS$/,
  );
});

test.for([
  ['the limit is enough', executor, 2_816 * MIB],
  ['there is no limit', executor, 0],
  ['no graphs are executed', { ...executor, RUNLANE_ROLES: ['admission' as const] }, 512 * MIB],
] as const)('nothing is told when %s', ([, config, limitBytes]) => {
  expect(memoryWarning({ ...config, RUNLANE_ROLES: [...config.RUNLANE_ROLES] }, limitBytes)).toBeNull();
});
