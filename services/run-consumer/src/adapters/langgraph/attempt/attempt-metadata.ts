/**
 * What an attempt stores for the run's next attempt, in the metadata of its checkpoints: after a crash it is known nowhere else.
 * The usage of models between the last checkpoint and a crash is lost.
 */
import type { UsageMeter } from '../graphs/usage-meter.ts';

const USAGE = 'runlane_usage';
const ABANDONED = 'runlane_abandoned_interrupts';

/** What earlier attempts of a run have reported. */
export type Earlier = { usage: unknown; abandonedInterrupts: string[] };

/** Nothing is written where there is nothing to report. */
export function attemptMetadata(abandonedInterrupts: string[], { stored }: UsageMeter): Record<string, unknown> {
  return {
    ...(stored === null ? {} : { [USAGE]: stored }),
    ...(abandonedInterrupts.length === 0 ? {} : { [ABANDONED]: abandonedInterrupts }),
  };
}

/** @param metadata of the head checkpoint, which the same run has written */
export function earlierOf(metadata: Record<string, unknown>): Earlier {
  const abandoned = metadata[ABANDONED];
  return {
    usage: metadata[USAGE] ?? null,
    abandonedInterrupts: Array.isArray(abandoned) ? abandoned.filter((id) => typeof id === 'string') : [],
  };
}
