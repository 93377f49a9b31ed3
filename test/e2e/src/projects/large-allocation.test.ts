/**
 * I10: one allocation beyond the limit of a worker's heap, at which V8 itself would end the process. Real:
 * everything; one process with one worker thread. Decides: the events, and what the nodes left outside.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun } from '../faults/fault-load.ts';
import { World, runCreate } from '../support/world.ts';

test.for(['one_allocation', 'hoard'])(
  'a run that allocates 160 MB at once (%s) spends nobody else an attempt',
  async (what) => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    using gate = new Gate();
    const events = await world.collectEvents();
    const service = world.runConsumer({ RUNLANE_WORKER_MEMORY_MB: '128' });
    await service.ready();
    const neighbour = { runId: randomUUID(), threadId: 'neighbour' };
    await world.publish(gateRun(neighbour, { gate: gate.path }));
    await eventually(() => world.nodesExecuted('neighbour').length > 0, { what: 'the neighbour executes' });
    const large = randomUUID();
    await world.publish(runCreate('large', { run_id: large, assistant_id: 'misbehaving', input: { what, ms: 2_000 } }));

    expect(await events.terminal(large)).toMatchObject({ type: 'run.succeeded', attempt: 1, values: { done: true } });
    gate.open();
    expect(await events.terminal(neighbour.runId)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
    expect(world.nodesExecuted('neighbour')).toEqual(['first', 'second']);
    expect(world.nodesExecuted('large')).toEqual(['act']);
    expect(service.isRunning).toBe(true);
  },
);
