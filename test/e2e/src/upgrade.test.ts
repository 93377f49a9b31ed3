/**
 * Charter: a rolling upgrade from the last release, and the way back. Its processes and this version's share one ledger, one
 * group and the outbox while requests keep coming: every run ends once, as asked, with its events in order (I1–I9), and is told
 * to its webhook (I14), no two processes are in one thread, and each process that is replaced ends with 0 (I12).
 * Real: everything; the last release out of git, with the dependencies of today. Decides: events, ledger, steps executed, what
 * the receiver got.
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ServiceProcess } from '@runlane/testkit';
import { eventually } from '@runlane/testkit';
import { publishLoad } from './fault-load.ts';
import type { Asked } from './fault-oracle.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import { LastRelease, lastReleaseObstacle } from './last-release.ts';
import { WebhookReceiver } from './webhook-receiver.ts';
import { WebhookWorld } from './webhook-world.ts';

const MIGRATIONS = new URL('../../../services/run-consumer/migrations/', import.meta.url);
const obstacle = lastReleaseObstacle();
const LOAD = { runs: 40, threads: 8, ms: 20 };
/** In the documented order. The dispatcher is a part of its own. */
const FLEETS = [
  { fleet: 'one process', parts: ['admission,execution,relay,sweeping'] },
  { fleet: 'a process for each part', parts: ['admission', 'execution', 'relay,sweeping', 'dispatcher'] },
];

let release: LastRelease;
beforeAll(() => {
  if (obstacle === null) release = new LastRelease();
});
afterAll(() => release?.[Symbol.dispose]());

test.for(FLEETS)(
  '$fleet: replaced by this version under load, and that by the last',
  { timeout: 300_000 },
  async ({ parts }, context) => {
    if (obstacle !== null) context.skip(obstacle);
    await using webhooks = await WebhookWorld.create({
      brokers: inject('kafkaBrokers'),
      databaseUrl: inject('databaseUrl'),
    });
    const { world } = webhooks;
    await using receiver = await WebhookReceiver.start();
    const events = await world.collectEvents();
    const isTold = parts.includes('dispatcher');
    const load = { ...LOAD, ...(isTold && { webhook: receiver.url('/ends') }) };
    const asked: Asked[] = [];
    const executors = new Set<number>();
    const start = (part: string, version: 'last' | 'this'): ServiceProcess => {
      const entryOf = (service: 'run-consumer' | 'webhook-dispatcher'): [] | [URL] =>
        version === 'last' ? [release.entryOf(service)] : [];
      if (part === 'dispatcher') return webhooks.dispatcher({}, ...entryOf('webhook-dispatcher'));
      const environment = { RUNLANE_ROLES: part, RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' };
      const process = world.runConsumer(environment, [], ...entryOf('run-consumer'));
      if (part.includes('execution')) executors.add(process.pid);
      return process;
    };
    const appliedCount = async () => (await world.pool.query('select from runlane.migrations')).rowCount ?? 0;

    // As Kubernetes does with maxSurge 1: the new one is ready before the old one is asked to go, in the middle of its work.
    const replace = async (old: Map<string, ServiceProcess>, version: 'last' | 'this') => {
      const fleet = new Map<string, ServiceProcess>();
      asked.push(...(await publishLoad(world, load)));
      for (const [part, process] of old) {
        const successor = start(part, version);
        await successor.ready();
        fleet.set(part, successor);
        if (part.includes('execution')) {
          const effectCount = world.sideEffects().length;
          asked.push(...(await publishLoad(world, load)));
          await eventually(() => world.sideEffects().length > effectCount, { what: 'runs execute' });
        }
        await process.stopCleanly();
      }
      return fleet;
    };
    const first = new Map(parts.map((part) => [part, start(part, 'last')]));
    await Promise.all([...first.values()].map((process) => process.ready()));
    expect(await appliedCount()).toBe(release.migrations.length);
    const second = await replace(first, 'this');
    expect(await appliedCount()).toBe(readdirSync(MIGRATIONS).length);
    await replace(new Map([...second].toReversed()), 'last');

    const history = await readHistory(world, events, asked);
    expect(asked).toHaveLength(4 * LOAD.runs);
    expect(historyProblems(history, asked)).toEqual([]);
    expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
    expect(new Set(world.sideEffects().map(({ pid }) => pid))).toEqual(executors);
    if (!isTold) return;
    const deliveries = await webhooks.ended(asked.length, 60_000);
    expect(deliveries.filter(({ state }) => state !== 'delivered')).toEqual([]);
    const told = new Set(receiver.requests.map(({ event }) => event.run_id));
    expect(asked.filter(({ runId }) => !told.has(runId))).toEqual([]);
  },
);
