/**
 * A statement of a living process is committed, and its answer never arrives. Real: everything, and a proxy before
 * Postgres that cuts the process off. Decides: every run ends once, and no attempt is spent.
 */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import type { HoldPoint } from './fault-hold.ts';
import { gateRun } from './fault-load.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import { Proxy } from './fault-proxy.ts';
import { World } from '../support/world.ts';

const becomes = (status: string): HoldPoint => ({
  at: 'commit',
  after: 'update',
  of: 'runlane.runs',
  when: `new.status = '${status}' and old.status <> new.status`,
});

const lostAnswers: { name: string; hold: HoldPoint }[] = [
  { name: 'an admission', hold: { at: 'commit', after: 'insert', of: 'runlane.runs' } },
  { name: 'a claim', hold: becomes('running') },
  { name: 'a settlement', hold: becomes('success') },
];

test.concurrent.for(lostAnswers)(
  'when the answer to $name is lost, its runs end all the same',
  async ({ hold: point }) => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    await using proxy = await Proxy.before(world.databaseUrl);
    const events = await world.collectEvents();
    const service = world.runConsumer({ DATABASE_URL: proxy.url, RUNLANE_LEASE_SECONDS: '20' });
    await service.ready();
    await using hold = await Hold.at(world, point);
    const asked = [
      { runId: randomUUID(), threadId: 'thread' },
      { runId: randomUUID(), threadId: 'thread' },
    ];
    await world.publish(...asked.map((run) => gateRun(run)));
    await hold.reached();

    proxy.cut();
    await hold.release();
    const history = await readHistory(world, events, asked);

    expect(historyProblems(history, asked)).toEqual([]);
    expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
    expect(history.ledger.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(service.logged('lease.lost')).toEqual([]);
  },
);
