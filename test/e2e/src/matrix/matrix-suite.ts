/** Shared by the files of the strategy matrix: each plays all cells at the same time and then judges them one by one. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { overlapProblems } from '../faults/fault-oracle.ts';
import { matrixCells } from './matrix-cells.ts';
import { endOf } from './matrix-end.ts';
import { cellProblems } from './matrix-oracle.ts';
import type { ThreadEnd } from './matrix-oracle.ts';
import type { MatrixStage } from './matrix-stage.ts';
import { World } from '../support/world.ts';

/** @returns the stage, and when processes died or were frozen: Unix milliseconds by pid */
export type Play = (world: World) => Promise<Played>;
export type Played = { stage: MatrixStage; goneAtMs?: ReadonlyMap<number, number> };

/** What was played, for further tests of a file. */
export type Suite = { world: World; stage: MatrixStage; threads: Map<string, ThreadEnd> };

/** One test per cell. `play` sets the stage with as many newcomers, and does not wait for the end. */
export function matrixSuite(newcomerCount: number, play: Play): Suite {
  const suite = {} as Suite;
  let goneAtMs: ReadonlyMap<number, number> = new Map();

  beforeAll(async () => {
    suite.world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    const events = await suite.world.collectEvents();
    const played = await play(suite.world);
    suite.stage = played.stage;
    goneAtMs = played.goneAtMs ?? goneAtMs;
    await suite.stage.goOn();
    suite.threads = await endOf(suite.world, events, suite.stage.cells);
  });
  afterAll(() => suite.world[Symbol.asyncDispose]());

  test.for(matrixCells(newcomerCount).map(({ threadId }) => threadId))('%s', (threadId) => {
    const cell = suite.stage.cells.find((one) => one.threadId === threadId);
    const thread = suite.threads.get(threadId);
    if (cell === undefined || thread === undefined) throw new Error(`There is no ${threadId}.`);
    expect(cellProblems(cell, thread)).toEqual([]);
  });

  test('no two runs of a thread executed at once', () => {
    // Nobody can prevent what a process does outside of Runlane when it wakes up, before it reads the clock.
    const effects = suite.world.sideEffects().filter(({ pid, ms }) => ms < (goneAtMs.get(pid) ?? Infinity));
    expect(overlapProblems(effects, goneAtMs)).toEqual([]);
  });
  return suite;
}
