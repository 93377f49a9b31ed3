/** Shared by the rollback tests: all cases are played at the same time and then judged one by one. */
import { randomUUID } from 'node:crypto';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { rollbackCases } from './rollback-cases.ts';
import type { Request, RollbackCase } from './rollback-cases.ts';
import { checkpointRows } from '../support/thread-rows.ts';
import { World, runCreate } from '../support/world.ts';

/** The result of a case. */
type Told = { before: unknown; after: unknown; journalCount: number; rolledBack: RunStatusEvent; next: RunStatusEvent };

/** What happens around the moment at which all runs are asked to roll back: it calls `ask` and returns when it is over. */
export type AroundRollback = (world: World, ask: () => Promise<void>) => Promise<void>;

const AN_HOUR_S = 3_600;

/** @param start starts the run-consumers of the world and resolves with what happens to them */
export function rollbackSuite(start: (world: World) => Promise<AroundRollback>): void {
  let world: World;
  const told = new Map<string, Told>();

  beforeAll(async () => {
    world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    const events = await world.collectEvents();
    const around = await start(world);
    const gate = world.gate();
    const held = await Promise.all(rollbackCases.map((one) => hold(world, events, one, gate.file)));
    await around(world, async () => {
      for (const run of held) await run.ask();
    });
    for (const run of held) await run.rolledBack();
    gate.open();
    const ended = held.map(async (run) => told.set(run.name, await run.tell()));
    await Promise.all(ended);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test.for(rollbackCases)('I8: $name leaves nothing, and the next run reads nothing of it', ({ name, comesTo }) => {
    const of = told.get(name);
    expect(of?.after).toEqual(of?.before);
    expect(of?.journalCount).toBe(0);
    expect(of?.rolledBack).toMatchObject({ type: 'run.rolled_back', checkpoint_id: null, values: null });
    expect(of?.next).toMatchObject(comesTo);
  });
}

async function hold(world: World, events: EventCollector, { name, ...one }: RollbackCase, gate: string) {
  const { pool } = world;
  const threadId = name;
  const publish = async (request: Request) => {
    const runId = randomUUID();
    await world.publish(runCreate(threadId, { run_id: runId, assistant_id: one.graph, ...request }));
    return runId;
  };
  const ends: string[] = [];
  for (const request of one.before(gate))
    ends.push((await events.terminal(await publish(request))).checkpoint_id ?? '');
  const before = await checkpointRows(pool, [threadId]);
  const runId = await publish(one.run(gate, ends));
  const isHeld = () => world.sideEffects().some(({ run_id, node }) => run_id === runId && node === one.heldIn);
  await eventually(isHeld, { what: `${name} is held in ${one.heldIn}` });
  const hasWritten = async () =>
    JSON.stringify(await checkpointRows(pool, [threadId])) !== JSON.stringify(before) || !one.hasWritten;
  await eventually(hasWritten, { what: `${name} has written` });
  let nextId = '';
  let after: unknown;
  let journalCount = 0;
  return {
    name,
    /** Supersedes the run by one that is to come later, so that the thread can be looked at in between. */
    async ask(): Promise<void> {
      nextId = await publish({ ...one.next, multitask_strategy: 'rollback', after_seconds: AN_HOUR_S });
    },
    async rolledBack(): Promise<void> {
      await events.terminal(runId);
      after = await checkpointRows(pool, [threadId]);
      journalCount = (await pool.query('select from runlane.foreign_writes where run_id = $1', [runId])).rowCount ?? 0;
    },
    async tell(): Promise<Told> {
      await pool.query('update runlane.runs set scheduled_at = now() where run_id = $1', [nextId]);
      return {
        before,
        after,
        journalCount,
        rolledBack: await events.terminal(runId),
        next: await events.terminal(nextId),
      };
    },
  };
}
