import { randomUUID } from 'node:crypto';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { Database, createPool, loadSql, migrate, valuesOf } from '@runlane/postgres';
import {
  createExecutorLeases,
  createRunClaims,
  createRunSettlements,
  createThreadCheckpoints,
  settlementOf,
} from '@runlane/run-consumer/testing';
import { createLogger } from '@runlane/service-kit';
import type { Client, Pool } from 'pg';
import type { BenchContext } from '../bench.ts';
import { connectTo, ownDatabase } from '../database.ts';

const MIGRATIONS = new URL('../../../../services/run-consumer/migrations/', import.meta.url);
const fillLanes = loadSql(new URL('./fill-lanes.sql', import.meta.url));
const LEASE_MS = 600_000;
const logger = createLogger({ service: 'bench', level: 'silent' });

/** Pending runs: their lanes have depths from 1 to `deepest` in turn, or are all that deep. */
export type Lanes = { prefix: string; runs: number; deepest: number; isUniform?: boolean };

/** What one run cost, in milliseconds. */
export type Cost = { claimMs: number; settleMs: number };

/** A ledger in a database of its own and one executor on it that runs no graphs. */
export class Ledger {
  readonly #pool: Pool;
  /** For statements that take longer than the service allows. */
  readonly #admin: Client;
  readonly #executorId = randomUUID();

  private constructor(pool: Pool, admin: Client) {
    this.#pool = pool;
    this.#admin = admin;
  }

  static async create({ servers, resources }: BenchContext): Promise<Ledger> {
    const url = await ownDatabase(servers, resources);
    await migrate({ databaseUrl: url, directory: MIGRATIONS, schema: 'runlane', logger });
    const pool = createPool({ url, applicationName: 'bench', logger });
    resources.defer(() => pool.end());
    await new PostgresSaver(pool).setup();
    const ledger = new Ledger(pool, await connectTo(url, resources));
    await createExecutorLeases(new Database(pool)).register(
      ledger.#executorId,
      { host: 'bench', version: '0', graphIds: [] },
      LEASE_MS,
    );
    return ledger;
  }

  /** Leaves nothing but the given runs. Their rows are inserted together, and the planner knows of them. */
  async fill(...all: Lanes[]): Promise<void> {
    await this.#admin.query('truncate runlane.runs, runlane.threads, runlane.outbox');
    for (const { prefix, runs, deepest, isUniform = false } of all) {
      await this.#admin.query(
        fillLanes.text,
        valuesOf(fillLanes, { prefix, run_count: runs, deepest, is_uniform: isUniform }),
      );
    }
    await this.#admin.query('vacuum (analyze) runlane.runs, runlane.threads');
  }

  async pendingCount(): Promise<number> {
    const { rows } = await this.#admin.query<{ count: string }>(
      `select count(*) as count from runlane.runs where status = 'pending'`,
    );
    return Number(rows[0]?.count);
  }

  /**
   * Claims and settles runs one after the other, each of which makes the next run of its lane ready. Thrown when there
   * are too few.
   */
  async work(count: number): Promise<Cost[]> {
    const claims = createRunClaims(new Database(this.#pool), ['agent'], createThreadCheckpoints('public'));
    const settlements = createRunSettlements(new Database(this.#pool), createThreadCheckpoints('public'));
    const costs: Cost[] = [];
    while (costs.length < count) {
      const startedMs = performance.now();
      const [run] = await claims.claim(this.#executorId, 1, []);
      const claimedMs = performance.now();
      if (run === undefined) throw new Error(`No run was ready after ${costs.length} of ${count}.`);
      const { runId, threadId, fencingToken, attempt } = run;
      const head = { checkpointId: randomUUID(), next: [], interrupts: [], values: { answer: '7 words' } };
      const settlement = settlementOf({ kind: 'succeeded', head, nothingToContinue: false }, attempt, 262_144);
      const [result] = await settlements.settle([{ runId, threadId, fencingToken, settlement }]);
      if (result === 'lost' || result === undefined) throw new Error(`Run ${runId} could not be settled.`);
      costs.push({ claimMs: claimedMs - startedMs, settleMs: performance.now() - claimedMs });
    }
    return costs;
  }
}
