/** Decides: the scenes of the proof make every alarm fire, and name only alarms that exist. */
import { alarms, partAlarms } from '@runlane/observability/alarms';
import { expect, test } from 'vitest';
import { scenes } from './scenes.ts';

test('every alarm fires in exactly one scene', () => {
  const all = [...alarms, ...partAlarms].map(({ name, labels }) =>
    labels === undefined ? name : `${name} ${labels['component']}`,
  );
  const fired = Object.values(scenes).flatMap(({ fires }) => [...fires]);
  expect(fired.toSorted()).toEqual(all.toSorted());
});
