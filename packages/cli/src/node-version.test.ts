import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { nodeProblem } from './node-version.ts';

test('a Node that is too old is reported before anything fails', () => {
  expect(nodeProblem('20.20.2')).toBe(
    'This is Node 20.20.2, and the command line needs 22.12 or newer. Install a newer one, or use the image.',
  );
  expect(nodeProblem('22.11.0')).toMatch(/22\.12 or newer/);
  expect(['22.12.0', '23.0.0', '24.21.0', '100.0.0'].map(nodeProblem)).toEqual([null, null, null, null]);
  expect(manifest.engines.node).toBe('>=22.12');
});
