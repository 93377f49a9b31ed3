import type { WrittenAt } from '@runlane/kafka';

/** Where a request lies in the log. */
export type RecordPosition = WrittenAt;

/** A request that is in the log. `thread_id`: of a stateless run the one that its events will have. */
export type PublishedRun = RecordPosition & { run_id: string; thread_id: string };
