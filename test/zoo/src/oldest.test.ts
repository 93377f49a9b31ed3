/**
 * A project with the oldest LangGraph that Runlane supports runs in it as in a script of its own. zoo.test.ts shows the
 * newest packages.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { zooCases } from './cases.ts';
import { masked } from './observation.ts';
import type { CaseSeen } from './observation.ts';
import { OLDEST_CASES } from './oldest-cases.ts';
import { ProjectCopy } from './project-copy.ts';
import { ZooKeeper } from './zoo-keeper.ts';

const project = new ProjectCopy('langgraph-oldest');
const cases = zooCases()
  .filter(({ name }) => OLDEST_CASES.has(name))
  .map((zooCase) => project.take(zooCase));
let keeper: ZooKeeper;
let bare: Map<string, CaseSeen>;
let inRunlane: Map<string, CaseSeen>;

beforeAll(async () => {
  keeper = await ZooKeeper.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  bare = await keeper.runBare(cases);
  inRunlane = await keeper.runInRunlane(cases);
});
afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

test('all of them load', () => {
  expect(cases.map(({ name }) => name)).toEqual([...OLDEST_CASES]);
  const doesNotLoad = ({ runs }: CaseSeen) => runs.some(({ error }) => error?.error === 'GraphNotLoadable');
  expect([...bare].filter(([, seen]) => doesNotLoad(seen)).map(([name]) => name)).toEqual([]);
});

test.each(cases)('$name ends as in a bare script', ({ name }) => {
  expect(masked(inRunlane.get(name))).toEqual(masked(bare.get(name)));
});
