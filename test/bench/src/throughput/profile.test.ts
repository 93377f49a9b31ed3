/** Real: the reading of profiles. Doubled: the profile, which is small enough to count by hand. Decides: the times. */
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { timeSpent } from './profile.ts';
import type { CpuProfile, ProfileNode } from './profile.ts';

const PG = pathToFileURL('/somewhere/node_modules/.pnpm/pg@8/node_modules/pg/lib/client.js').href;

function node(id: number, functionName: string, url: string, children: number[] = []): ProfileNode {
  return { id, callFrame: { functionName, url, lineNumber: 9 }, children };
}

/** pg's query calls Node's write, which calls native writev; besides, idle time and garbage collection. */
const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 5, 6]),
    node(2, 'query', PG, [3]),
    node(3, 'write', 'node:net', [4]),
    node(4, 'writev', ''),
    node(5, '(idle)', ''),
    node(6, '(garbage collector)', ''),
  ],
  startTime: 1_000,
  samples: [2, 3, 4, 5, 6, 2],
  timeDeltas: [0, 100, 10, 1, 1_000, 5],
};

test('self time is counted for functions, and for the package that called into Node and V8', () => {
  const spent = timeSpent(profile, [{ fromUs: 0, toUs: 10_000 }]);

  expect(spent.totalUs).toBe(1_116);
  expect(spent.busyUs).toBe(116);
  expect(spent.functions).toEqual([
    ['query  pg/lib/client.js:10', 100],
    ['write  node:net:10', 10],
    ['(garbage collector)', 5],
    ['writev', 1],
  ]);
  expect(spent.packages).toEqual([
    ['pg', 111],
    ['(garbage collector)', 5],
  ]);
});

test('only samples in the measured windows count', () => {
  const spent = timeSpent(profile, [{ fromUs: 1_050, toUs: 1_105 }]);

  expect(spent.functions).toEqual([['write  node:net:10', 10]]);
});
