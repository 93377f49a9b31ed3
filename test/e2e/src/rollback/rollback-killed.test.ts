/**
 * I8, I3: as rollback-state.test.ts, when the executor dies by SIGKILL after the rollbacks were asked for: its
 * own are held at their commit and go with it, and the sweeper of another process does them.
 */
import { Hold } from '../faults/fault-hold.ts';
import { rollbackSuite } from './rollback-suite.ts';

rollbackSuite(async (world) => {
  await world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' }).ready();
  const executor = world.runConsumer({ RUNLANE_ROLES: 'execution' });
  await executor.ready();
  return async (_world, ask) => {
    await using hold = await Hold.at(world, {
      at: 'commit',
      after: 'update',
      of: 'runlane.runs',
      when: `old.status = 'running' and new.status = 'rollback'`,
    });
    await ask();
    await hold.reached();
    await executor.kill();
    await hold.rollBack();
    await world.runConsumer({ RUNLANE_ROLES: 'execution' }).ready();
  };
});
