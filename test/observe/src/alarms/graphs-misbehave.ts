/** Scene: graphs do what they should not, and the process that executes them suffers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import type { Proof } from '@runlane/prove-deploy';
import { runCreate } from '../../../e2e/src/support/world.ts';
import { openWorld } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { Scene } from './scene.ts';

/** Less than a lease of the processes, which is 3 s here. */
const FROZEN_MS = 2_500;

export async function graphsMisbehave(proof: Proof, { servers }: Stage, fired: Set<string>): Promise<void> {
  const { world } = await openWorld(proof.scope, servers);
  const executor = world.runConsumer({ RUNLANE_ROLES: 'execution' });
  const rest = world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' });
  await Promise.all([executor.ready(), rest.ready()]);
  const scene = await Scene.open(proof, { executor, 'relay-and-sweeping': rest }, fired);
  const request = (assistant_id: string, input: object) => runCreate(randomUUID(), { assistant_id, input });
  const misbehave = (what: string, ms = 0) => request('misbehaving', { what, ms });

  await scene.fires(
    ['WorkersBlocked'],
    'a graph blocks its worker threads',
    () => world.publish(...Array.from({ length: 40 }, () => misbehave('block', 900))),
    () => sleep(1_000),
  );
  await scene.fires(
    ['LeasesLost'],
    'the lease of the executor is taken from it',
    async () => undefined,
    async () => {
      await world.pool.query('delete from runlane.executors');
      await sleep(2_000);
    },
  );
  await scene.fires(
    ['EventLoopBlocked'],
    'a process gets no CPU for seconds',
    async () => undefined,
    async () => {
      executor.signal('SIGSTOP');
      await sleep(FROZEN_MS);
      executor.signal('SIGCONT');
      await sleep(500);
    },
  );
  await scene.fires(
    ['RunsFailing'],
    'a graph throws',
    async () => undefined,
    async () => {
      await world.publish(request('thrower', {}));
      await sleep(500);
    },
  );
  const stuck = randomUUID();
  const gate = world.gate();
  await world.publish(runCreate(stuck, { assistant_id: 'gate', input: { label: 'a', ms: 0, gate: gate.file } }));
  await eventually(() => world.nodesExecuted(stuck).length > 0, { what: 'the run executes', deadlineMs: 60_000 });
  const client = await world.pool.connect();
  try {
    await client.query('begin');
    await client.query('select from runlane.threads where thread_id = $1 for update', [stuck]);
    await scene.fires(['SettlementsStuck'], 'the thread of a run that has ended is locked', async () => gate.open());
  } finally {
    await client.query('rollback');
    client.release();
  }
  await scene.fires(
    ['WorkersEnd'],
    'a graph ends its thread, again and again',
    async () => undefined,
    async () => {
      await world.publish(misbehave('exit'));
      await sleep(2_000);
    },
  );
}
