/** Pure. Decides: how a floor compares with the ids that LangGraph makes. */
import { uuid6 } from '@langchain/langgraph-checkpoint';
import { expect, test } from 'vitest';
import { checkpointFloorAt, floorBelow } from './checkpoint-floor.ts';

test('an id that is made later is not below the floor, and one that was made before is', () => {
  const before = uuid6(-2);
  // The generator counts up within a millisecond, and no further.
  const floor = checkpointFloorAt(Date.now() + 2);
  expect(before < floor).toBe(true);
  expect(floorBelow(floor, before)).toBe(before);
  const now = checkpointFloorAt(Date.now());
  for (const step of [-2, -1, 0, 1, 20_000]) expect(floorBelow(now, uuid6(step))).toBeNull();
});

test('an id that Postgres may sort in another way leaves no floor', () => {
  const floor = checkpointFloorAt(0);
  expect(floorBelow(floor, 'ffffffff-ffff-4fff-8fff-ffffffffffff')).toBe('');
  expect(floorBelow(floor, floor.toUpperCase())).toBe('');
  expect(floorBelow('', 'anything')).toBeNull();
});
