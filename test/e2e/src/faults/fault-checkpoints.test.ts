/**
 * I7: the process dies at each write of a run, from its first checkpoint to its settlement. Real: everything;
 * the process is held at the write by a trigger and then killed. Decides: the nodes that the next process executes,
 * the state in the end, and the thread's checkpoints.
 */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import type { HoldPoint } from './fault-hold.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { World, runCreate } from '../support/world.ts';

type CrashPoint = {
  name: string;
  hold: HoldPoint;
  /** What becomes of the held transaction after the death of its process. */
  heldOne: 'commits' | 'rolls back';
  /** Nodes that the next process may execute: only the last of these, where their outputs were written before. */
  after: string[];
  /** Attempt under which the run ends. */
  attempt: number;
};

/** Steps of the graph `lane`: -1 is its input, 0 its start, then its two nodes. */
const checkpointOf = (step: number): HoldPoint => ({
  at: 'commit',
  after: 'insert',
  of: 'public.checkpoints',
  when: `new.metadata ->> 'step' = '${step}'`,
});
const settling: HoldPoint = {
  at: 'commit',
  after: 'update',
  of: 'runlane.runs',
  when: `new.status = 'success' and old.status <> new.status`,
};
const STEPS = ['-1', '0', '1', '2'];

const crashPoints: CrashPoint[] = [
  {
    name: 'before its first checkpoint',
    hold: checkpointOf(-1),
    heldOne: 'rolls back',
    after: ['first', 'second'],
    attempt: 2,
  },
  {
    name: 'before the checkpoint of a finished superstep',
    hold: checkpointOf(1),
    heldOne: 'rolls back',
    after: ['first', 'second'],
    attempt: 2,
  },
  { name: 'between two supersteps', hold: checkpointOf(1), heldOne: 'commits', after: ['second'], attempt: 2 },
  { name: 'after its last checkpoint', hold: checkpointOf(2), heldOne: 'commits', after: [], attempt: 2 },
  { name: 'while its settlement commits', hold: settling, heldOne: 'commits', after: [], attempt: 1 },
];
const points = crashPoints.flatMap((point) =>
  (['sync', 'async'] as const).map((durability) => ({ ...point, durability })),
);

test.concurrent.for(points)(
  'a run of durability $durability whose process dies $name goes on from there',
  async (point) => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    const events = await world.collectEvents();
    const first = world.runConsumer();
    await first.ready();
    await using hold = await Hold.at(world, point.hold);
    const run = { runId: randomUUID(), threadId: 'thread' };
    const { runId, threadId } = run;
    const input = { label: 'a', ms: 100, labels: ['input'] };
    await world.publish(runCreate(threadId, { run_id: runId, durability: point.durability, input }));

    await hold.reached();
    await first.kill();
    await (point.heldOne === 'rolls back' ? hold.rollBack() : hold.release());
    const second = world.runConsumer({ RUNLANE_ROLES: 'execution,relay,sweeping' });
    const history = await readHistory(world, events, [run]);

    expect(historyProblems(history, [run])).toEqual([]);
    expect(history.distinct.at(-1)).toMatchObject({
      attempt: point.attempt,
      values: { labels: ['input', 'a:first', 'a:second'] },
    });
    const repeated = world
      .sideEffects()
      .flatMap(({ at, pid, node }) => (at === 'start' && pid === second.pid ? [node] : []));
    expect(repeated).toEqual(point.after.slice(Math.max(0, point.after.length - repeated.length)));
    const { rows: checkpoints } = await world.pool.query<{ step: string; run_id: string }>(
      `select metadata ->> 'step' as step, metadata ->> 'run_id' as run_id from checkpoints order by checkpoint_id`,
    );
    expect(checkpoints).toEqual(STEPS.map((step) => ({ step, run_id: runId })));
  },
);
