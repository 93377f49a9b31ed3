/** Whether the log and the tables are as this version needs them, and how far the log has been read. */
import type { Check } from '@runlane/cli/operations';
import type { PartitionLag } from './partition-lag.ts';

export type LogStanding = { checks: Check[]; lags: PartitionLag[] };

/** Answers are kept for some seconds, because many people may look. */
export interface StandingReader {
  /** Rejects with RetryableError while no broker answers, or the database is away. */
  log(): Promise<LogStanding>;
  schemas(): Promise<Check[]>;
}
