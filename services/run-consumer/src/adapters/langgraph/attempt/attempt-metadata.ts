/**
 * What an attempt leaves for the next one of its run in the metadata of its checkpoints: after a crash nobody else knows it.
 * What models have used since the last checkpoint before a crash is not known.
 */
import type { UsageMeter } from '../graphs/usage-meter.ts';

const USAGE = 'runlane_usage';
const ABANDONED = 'runlane_abandoned_interrupts';

/** What earlier attempts of a run have told. */
export type Earlier = { usage: unknown; abandonedInterrupts: string[] };

/** Nothing is written where there is nothing to tell. */
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
