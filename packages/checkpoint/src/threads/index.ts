/** Work on the checkpoints of threads without executing graphs; nothing here loads LangGraph. */
export { checkpointFloorAt } from '../checkpoint-floor.ts';
export { WriteRefused } from '../claim.ts';
export type { Claim } from '../claim.ts';
export { headWriters, headsWrittenBy, wrongStates } from './written-by-runs.ts';
export type { EndedRun, WrongState } from './written-by-runs.ts';
export { forgetJournal, rollBackRuns } from '../journal.ts';
export type { RunOnThread } from '../journal.ts';
export { pruneThread } from './prune-thread.ts';
