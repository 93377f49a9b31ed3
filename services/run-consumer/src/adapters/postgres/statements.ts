import { loadSql } from '@runlane/postgres';
import type { SqlStatement } from '@runlane/postgres';

function statement(name: string): SqlStatement {
  return loadSql(new URL(`./sql/${name}.sql`, import.meta.url));
}

/** Every statement of the service, one file each in `sql/`. */
export const sql = {
  lockPosition: statement('lock-position'),
  movePosition: statement('move-position'),
  selectPositions: statement('select-positions'),
  createThreads: statement('create-threads'),
  lockThreads: statement('lock-threads'),
  lockFreeThreads: statement('lock-free-threads'),
  deleteEmptyThreads: statement('delete-empty-threads'),
  lockLaneHeads: statement('lock-lane-heads'),
  selectRunsInFlight: statement('select-runs-in-flight'),
  selectKnownRuns: statement('select-known-runs'),
  selectAssistants: statement('select-assistants'),
  insertRuns: statement('insert-runs'),
  updateLanes: statement('update-lanes'),
  cancelRuns: statement('cancel-runs'),
  freeLanes: statement('free-lanes'),
  claimReadyRuns: statement('claim-ready-runs'),
  settleRunsIfOwned: statement('settle-runs-if-owned'),
  requeueRunsIfOwned: statement('requeue-runs-if-owned'),
  selectStoppedIfOwned: statement('select-stopped-if-owned'),
  selectStopRequests: statement('select-stop-requests'),
  selectStrandedRuns: statement('select-stranded-runs'),
  takeExpiredExecutors: statement('take-expired-executors'),
  registerExecutor: statement('register-executor'),
  renewExecutor: statement('renew-executor'),
  releaseExecutor: statement('release-executor'),
  acquireLease: statement('acquire-lease'),
  releaseLease: statement('release-lease'),
  selectUnpublishedEvents: statement('select-unpublished-events'),
  markEventsPublished: statement('mark-events-published'),
  selectDueRuns: statement('select-due-runs'),
  joinDueRuns: statement('join-due-runs'),
  createAssistant: statement('create-assistant'),
  lockAssistant: statement('lock-assistant'),
  addAssistantVersion: statement('add-assistant-version'),
  selectAssistantVersion: statement('select-assistant-version'),
  activateAssistantVersion: statement('activate-assistant-version'),
  pruneEvents: statement('prune-events'),
  pruneRuns: statement('prune-runs'),
  selectOutboxPlace: statement('select-outbox-place'),
  selectSweepPlace: statement('select-sweep-place'),
  keepSweepPlace: statement('keep-sweep-place'),
  selectEndedThreads: statement('select-ended-threads'),
  selectThreadsAfter: statement('select-threads-after'),
  lockRestingThread: statement('lock-resting-thread'),
} as const;
