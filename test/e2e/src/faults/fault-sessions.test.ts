/**
 * Sessions of the service that are cut again and again while runs execute, as by a pooler, a failover or an
 * administrator (I11). Real: everything. Decides: the ledger, the events and what the graphs have noted.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import { World, runCreate } from '../support/world.ts';

const RUNS = 60;
const CUT_EVERY_MS = 500;
const STEPS = 5;
const STEP_MS = 200;

/** Ends all sessions of the service, as often as there is time for, until disposed. */
class Cuts implements AsyncDisposable {
  readonly #world: World;
  readonly #loop: Promise<void>;
  #isOver = false;
  count = 0;

  constructor(world: World) {
    this.#world = world;
    this.#loop = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const { rowCount } = await this.#world.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name ~ '^(run-consumer|runlane)'`,
      );
      this.count += rowCount ?? 0;
      await sleep(CUT_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#loop;
  }
}

test.each(['sync', 'async'] as const)(
  'sessions cut under load spend no attempt, and no superstep is repeated (%s)',
  async (durability) => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    const events = await world.collectEvents();
    const service = world.runConsumer();
    await service.ready();
    const asked = Array.from({ length: RUNS }, (_, index) => ({ runId: randomUUID(), threadId: `thread-${index}` }));
    const request = { assistant_id: 'steps', input: { steps: STEPS, ms: STEP_MS }, durability };
    await world.publish(...asked.map(({ runId, threadId }) => runCreate(threadId, { ...request, run_id: runId })));
    await using cuts = new Cuts(world);
    const history = await readHistory(world, events, asked, 120_000);

    expect(cuts.count).toBeGreaterThan(20);
    expect(historyProblems(history, asked)).toEqual([]);
    expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
    const starts = world.sideEffects().filter(({ at }) => at === 'start');
    const repeated = [...Map.groupBy(starts, ({ run_id, node }) => `${run_id} ${node}`)].filter(
      ([, all]) => all.length > 1,
    );
    expect(repeated.map(([step]) => step)).toEqual([]);
    expect(starts).toHaveLength(RUNS * STEPS);
    const { rowCount: itemCount } = await world.pool.query(`select from store where namespace_path like 'steps%'`);
    expect(itemCount).toBe(RUNS * STEPS);
    expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
  },
);
