/**
 * A process dies exactly between two steps of its work. Real: everything; the process is held at the step by a trigger
 * and then killed. Decides: every run ends once, nothing is doubled, attempts are spent only by runs that had started.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import type { HoldPoint } from './fault-hold.ts';
import { gateRun } from './fault-load.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { World } from '../support/world.ts';

type CrashPoint = {
  name: string;
  hold: HoldPoint;
  /** What becomes of the held transaction after the death of its process. */
  heldOne: 'commits' | 'rolls back';
  /** The answer of the held statement reaches the process, which is frozen by then and never acts on it. */
  isAnswered?: true;
  /** Attempts under which the first run may succeed: several where it may have been executing when its process died. */
  attempts: number[];
  /** Events that are published twice at least. */
  repeats: number;
  /** Short where the run has to be rescued, and otherwise too long to be lost on a busy machine. */
  leaseSeconds: number;
  /** Roles of the process after the crash; one without admission need not wait for the dead member's session. */
  roles: string;
};

const ALL = 'admission,execution,relay,sweeping';
const NO_ADMISSION = 'execution,relay,sweeping';

const becomes = (status: string): HoldPoint => ({
  at: 'commit',
  after: 'update',
  of: 'runlane.runs',
  when: `new.status = '${status}' and old.status <> new.status`,
});
const admitted: HoldPoint = { at: 'commit', after: 'insert', of: 'runlane.runs' };
const marking: HoldPoint = { at: 'statement', of: 'update', on: 'runlane.outbox' };

const crashPoints: CrashPoint[] = [
  {
    name: 'before the admission commits',
    hold: admitted,
    heldOne: 'rolls back',
    attempts: [1],
    repeats: 0,
    leaseSeconds: 20,
    roles: ALL,
  },
  {
    name: 'while the admission commits',
    hold: admitted,
    heldOne: 'commits',
    attempts: [1],
    repeats: 0,
    leaseSeconds: 20,
    roles: ALL,
  },
  {
    name: 'between the commits of the admission and of the offset',
    hold: admitted,
    heldOne: 'commits',
    isAnswered: true,
    attempts: [1],
    repeats: 0,
    leaseSeconds: 20,
    roles: ALL,
  },
  {
    name: 'while a claim commits',
    hold: becomes('running'),
    heldOne: 'commits',
    attempts: [2],
    repeats: 0,
    leaseSeconds: 3,
    roles: NO_ADMISSION,
  },
  {
    name: 'before a settlement commits',
    hold: becomes('success'),
    heldOne: 'rolls back',
    attempts: [2],
    repeats: 0,
    leaseSeconds: 3,
    roles: NO_ADMISSION,
  },
  {
    name: 'while a settlement commits',
    hold: becomes('success'),
    heldOne: 'commits',
    attempts: [1],
    repeats: 0,
    leaseSeconds: 20,
    roles: NO_ADMISSION,
  },
  {
    name: 'between publishing and marking events',
    hold: marking,
    heldOne: 'rolls back',
    attempts: [1, 2],
    repeats: 1,
    leaseSeconds: 3,
    roles: NO_ADMISSION,
  },
];

test.concurrent.for(crashPoints)('a crash $name loses and doubles nothing', async (point) => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  const lease = { RUNLANE_LEASE_SECONDS: String(point.leaseSeconds) };
  const first = world.runConsumer(lease);
  await first.ready();
  await using hold = await Hold.at(world, point.hold);
  const asked = [
    { runId: randomUUID(), threadId: 'thread' },
    { runId: randomUUID(), threadId: 'thread' },
  ];
  await world.publish(...asked.map((run) => gateRun(run)));

  await hold.reached();
  if (point.isAnswered) {
    first.signal('SIGSTOP');
    await hold.release();
    await eventually(async () => (await world.pool.query('select from runlane.runs')).rowCount === asked.length, {
      what: 'the held transaction has committed',
    });
  }
  await first.kill();
  await (point.heldOne === 'rolls back' ? hold.rollBack() : hold.release());

  world.runConsumer({ ...lease, RUNLANE_ROLES: point.roles });
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  const { attempt } = history.ledger.find(({ run_id }) => run_id === asked[0]?.runId) ?? {};
  expect(point.attempts).toContain(attempt);
  expect(history.seen.length - history.distinct.length).toBeGreaterThanOrEqual(point.repeats);
});
