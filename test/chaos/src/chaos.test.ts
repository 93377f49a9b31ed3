/**
 * A minute of a fixed seed: whatever is killed, frozen, restarted and cut off meanwhile, nothing is lost, doubled
 * or out of order. Real: everything. Decides: what the outside sees, and `runlane audit`.
 */
import { expect, test } from 'vitest';
import { USUAL_KINDS } from './faults.ts';
import { runChaos } from './run-chaos.ts';

test('a minute of chaos breaks no law', { timeout: 900_000 }, async () => {
  const { problems, history, faults } = await runChaos({
    seed: 104,
    durationMs: 60_000,
    rate: 3,
    threads: 8,
    kinds: USUAL_KINDS,
  });
  expect(problems).toEqual([]);
  expect(new Set(faults.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(10);
  expect(new Set(history.events.map(({ event }) => event.run_id)).size).toBeGreaterThan(100);
});
