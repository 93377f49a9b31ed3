/** Scene: the executors are gone, and requests come that nobody can do. */
import type { Proof } from '@runlane/prove-deploy';
import { fileURLToPath } from 'node:url';
import { runCreate } from '../../../e2e/src/support/world.ts';
import { openWorld } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { Scene } from './scene.ts';

const DEMO = fileURLToPath(new URL('../../../../infra/demo/langgraph.json', import.meta.url));

export async function nothingExecutes(proof: Proof, { servers }: Stage, fired: Set<string>): Promise<void> {
  const { world } = await openWorld(proof.scope, servers);
  const admission = world.runConsumer({ RUNLANE_ROLES: 'admission,sweeping' });
  const executor = world.runConsumer({ RUNLANE_ROLES: 'execution', LANGGRAPH_CONFIG: DEMO });
  await Promise.all([admission.ready(), executor.ready()]);
  const scene = await Scene.open(proof, { admission, executor }, fired);

  await scene.fires(['DeadLetters'], 'a request is invalid', () =>
    world.publish({ ...runCreate('invalid'), value: null }),
  );
  await scene.fires(['RunsRejected'], 'a request names an assistant that is not there', () =>
    world.publish(runCreate('rejected', { assistant_id: 'nobody' })),
  );
  await scene.fires(['ThreadsStray'], 'a thread has requests on two partitions', async () => {
    await world.publish({ ...runCreate('strays'), partition: 0 });
    await world.publish({ ...runCreate('strays'), partition: 1 });
  });
  await scene.fires(
    ['RunsUnserved', 'RunsWait', 'OutboxStuck'],
    'runs are of a graph that no executor has, and nobody relays',
    () => world.publish(runCreate('waits')),
  );
  const client = await world.pool.connect();
  try {
    await client.query('begin');
    await client.query('select from runlane.consumer_positions for update');
    const many = Array.from({ length: 1_100 }, () => ({ ...runCreate('waits'), value: null }));
    await scene.fires(
      ['RequestsLag', 'AdmissionStopped'],
      'a lock in the database holds admission up, and requests go on',
      () => world.publish(...many),
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
  await scene.fires(['NoExecutor', 'PartGone executor'], 'the only executor is killed', () => executor.kill());
  await scene.fires(['LedgerUnwatched', 'PartGone admission'], 'the process that sweeps is killed', () =>
    admission.kill(),
  );
}
