/**
 * I8: a run that executes is superseded with rollback, from the request topic to the thread's state.
 * Real: everything. Decides: every row of LangGraph's three tables before and after, and what the next run ends with.
 */
import { rollbackSuite } from './rollback-suite.ts';

rollbackSuite(async (world) => {
  await world.runConsumer().ready();
  return (_world, ask) => ask();
});
