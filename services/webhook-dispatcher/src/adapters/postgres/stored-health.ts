import { z } from 'zod';
import { UNKNOWN_ORIGIN } from '../../domain/origin-health.ts';
import type { OriginHealth } from '../../domain/origin-health.ts';
import { FREE_PACE } from '../../domain/pace.ts';
import { UNKNOWN_TARGET } from '../../domain/target-health.ts';
import type { TargetHealth } from '../../domain/target-health.ts';

/**
 * Health as the ledger stores it. Another version may have written it, so whatever is not understood counts as unknown: an
 * unreadable row must not stop the delivery of others.
 */

const breaker = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('closed') }),
  z.object({ kind: z.literal('open'), untilMs: z.number(), openMs: z.number() }),
]);

const pace = z
  .object({
    throttledAtMs: z.number().nullable(),
    pausedUntilMs: z.number(),
    pauseMs: z.number(),
    inARow: z.number(),
    seekingRate: z.number(),
    limit: z.number().nullable(),
    slots: z.number(),
    nextAtMs: z.number(),
  })
  .catch(FREE_PACE);

const origin: z.ZodType<OriginHealth> = z.object({
  breaker: breaker.catch(UNKNOWN_ORIGIN.breaker),
  failures: z
    .object({ count: z.number(), timeouts: z.number(), voices: z.array(z.string()), isCertain: z.boolean() })
    .catch(UNKNOWN_ORIGIN.failures),
  hasSucceeded: z.boolean().catch(UNKNOWN_ORIGIN.hasSucceeded),
  throttled: z.object({ urlHash: z.string(), atMs: z.number() }).nullable().catch(null),
  pace,
  probation: z.object({ tokens: z.number(), atMs: z.number() }).catch(UNKNOWN_ORIGIN.probation),
  answerMs: z.number().nullable().catch(null),
});

const target: z.ZodType<TargetHealth> = z.object({
  breaker: z
    .union([breaker, z.object({ kind: z.literal('disabled'), because: z.enum(['asked', 'gone', 'failing']) })])
    .catch(UNKNOWN_TARGET.breaker),
  minutes: z.array(z.object({ minute: z.number(), good: z.number(), bad: z.number() })).catch([]),
  timeoutsInARow: z.number().catch(0),
  failing: z
    .object({ sinceMs: z.number(), count: z.number(), days: z.number(), lastDay: z.number() })
    .nullable()
    .catch(null),
  succeededAtMs: z.number().catch(0),
  pace,
});

/** @param stored the column, null before the first attempt */
export function readOriginHealth(stored: unknown): OriginHealth {
  const read = origin.safeParse(stored);
  return read.success ? read.data : UNKNOWN_ORIGIN;
}

/** @param stored the column, null before the first attempt */
export function readTargetHealth(stored: unknown): TargetHealth {
  const read = target.safeParse(stored);
  return read.success ? read.data : UNKNOWN_TARGET;
}
