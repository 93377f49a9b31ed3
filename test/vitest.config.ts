import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { patiently } from '../packages/testkit/src/patience.ts';
import { LongestFirst } from './longest-first.ts';
import { testFiles } from './test-files.ts';

const { pure, sharing } = testFiles();

export default defineConfig({
  test: {
    testTimeout: patiently(120_000),
    hookTimeout: patiently(120_000),
    expect: { poll: { timeout: patiently(30_000) } },
    // Most of them wait for servers and processes most of the time.
    maxWorkers: availableParallelism() + 1,
    // A test that shares its time with others of its file starts several services of its own.
    maxConcurrency: 3,
    globalSetup: ['test/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['{packages,services,infra,test}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '.runlane/**', ...pure, ...sharing],
        },
      },
      {
        extends: true,
        // What they import is loaded once for a process, which is most of what a short file costs.
        test: { name: 'sharing', include: sharing, isolate: false },
      },
      {
        extends: true,
        // One process for all of them: starting one takes longer than the tests of a file.
        test: { name: 'pure', include: pure, isolate: false },
      },
    ],
  },
});
