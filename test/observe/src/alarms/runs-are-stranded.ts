/** Scene: graphs are deaf, and processes die with their runs. */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import type { Proof } from '@runlane/prove-deploy';
import { runCancel, runCreate } from '../../../e2e/src/support/world.ts';
import { openWorld } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { Scene } from './scene.ts';

export async function runsAreStranded(proof: Proof, { servers }: Stage, fired: Set<string>): Promise<void> {
  const { world } = await openWorld(proof.scope, servers);
  const executor = world.runConsumer({ RUNLANE_ROLES: 'execution' });
  const rest = world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' });
  await Promise.all([executor.ready(), rest.ready()]);
  const scene = await Scene.open(proof, { executor, 'relay-and-sweeping': rest }, fired);

  const deaf = Array.from({ length: 5 }, () => randomUUID());
  await scene.fires(['GraphsDeaf'], 'nodes go on after they were cancelled', async () => {
    const input = { what: 'ignore_abort', ms: 60_000 };
    await world.publish(...deaf.map((id) => runCreate(id, { assistant_id: 'misbehaving', input })));
    await eventually(() => deaf.every((id) => world.nodesExecuted(id).length > 0), { what: 'they execute' });
    await world.publish(...deaf.map((id) => runCancel(id)));
  });
  await scene.fires(['RunsStranded'], 'an executor is killed with its runs', async () => {
    const held = Array.from({ length: 16 }, () => randomUUID());
    const { file } = world.gate();
    const input = { label: 'a', ms: 0, gate: file };
    await world.publish(...held.map((id) => runCreate(id, { assistant_id: 'gate', input })));
    const areHeld = () => held.filter((id) => world.nodesExecuted(id).length > 0).length > 10;
    await eventually(areHeld, { what: 'more than ten of them execute', deadlineMs: 60_000 });
    await executor.kill();
  });
  await scene.fires(['PartGone relay-and-sweeping'], 'the process that relays is killed', () => rest.kill());
}
