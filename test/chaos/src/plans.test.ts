import { expect, test } from 'vitest';
import { USUAL_KINDS, planFaults } from './faults.ts';
import { planWorkload } from './workload.ts';

const options = {
  seed: 1,
  durationMs: 600_000,
  rate: 6,
  threads: 8,
  receivers: {
    honest: 'http://127.0.0.1:1',
    silent: 'http://127.0.0.1:1/silent',
    hostile: 'http://127.0.0.2:1',
    denied: 'http://127.0.0.3:1',
  },
};

test('the same seed gives the same workload and faults, and another seed gives others', () => {
  expect(planWorkload(options)).toEqual(planWorkload(options));
  expect(planWorkload({ ...options, seed: 2 })).not.toEqual(planWorkload(options));
  expect(planFaults(1, 600_000)).toEqual(planFaults(1, 600_000));
  expect(planFaults(2, 600_000)).not.toEqual(planFaults(1, 600_000));
});

test('fewer kinds of faults leave the workload as it is', () => {
  expect(planFaults(1, 600_000, ['kill-kafka']).every(({ kind }) => kind === 'kill-kafka')).toBe(true);
  expect(planFaults(1, 600_000, [])).toEqual([]);
});

test('ten minutes have records of every kind, and three seeds every fault', () => {
  const kinds = new Set(planWorkload(options).map(({ what }) => what));
  expect([...kinds].toSorted()).toEqual(['answer', 'bad', 'cancel', 'conflict', 'create', 'pause', 'repeat', 'stuck']);
  const faults = [1, 2, 3].flatMap((seed) => planFaults(seed, 600_000));
  expect(new Set(faults.map(({ kind }) => kind)).size).toBe(USUAL_KINDS.length);
});
