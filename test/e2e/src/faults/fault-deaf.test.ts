/**
 * I10: a graph that ignores its abort, double-texted repeatedly, and a run of another graph whose node takes longer
 * than the interval. Real: everything; one process with one worker thread. Decides: the events, and what the nodes left
 * outside.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { gateRun } from './fault-load.ts';
import { World, runCancel, runCreate } from '../support/world.ts';

/** Longer than a deaf graph has after its abort: 5 s. */
const NODE_MS = 7_000;

test('double-texting a deaf graph repeats no node of its neighbour', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  await world.runConsumer().ready();
  const neighbour = { runId: randomUUID(), threadId: 'neighbour' };
  await world.publish(gateRun(neighbour, { ms: NODE_MS }));
  await eventually(() => world.nodesExecuted('neighbour').length > 0, { what: 'the neighbour executes' });
  const texts = [1, 2, 3].map(() => randomUUID() as string);
  for (const runId of texts) {
    await world.publish(
      runCreate('texted', {
        run_id: runId,
        assistant_id: 'misbehaving',
        multitask_strategy: 'interrupt',
        input: { what: 'ignore_abort', ms: 600_000 },
      }),
    );
    const hasStarted = () => world.sideEffects().some((effect) => effect.run_id === runId);
    await eventually(hasStarted, { what: 'the deaf graph executes' });
  }
  await world.publish(runCancel('texted'));

  const ended = await Promise.all(texts.map((runId) => events.terminal(runId)));
  expect(ended.map(({ type, attempt }) => [type, attempt])).toEqual(texts.map(() => ['run.interrupted', 1]));
  expect(await events.terminal(neighbour.runId)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  expect(world.nodesExecuted('neighbour')).toEqual(['first', 'second']);
});
