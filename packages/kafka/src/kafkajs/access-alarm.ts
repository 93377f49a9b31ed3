import type { KafkaLogger } from '../port.ts';

const REPEAT_MS = 60_000;

/** The clients of a connection that the cluster refuses now, and the alarm about them. */
export type AccessAlarm = {
  /** Notes that the cluster refuses `who`; at most once a minute in the log. `advice` says what to check. */
  refused(who: string, error: string, advice: string): void;
  /** Notes that `who` was served. */
  granted(who: string): void;
  /** What is refused and what to check, for each refused client. */
  list(): readonly string[];
};

/**
 * A refusal is no outage: it lasts until somebody acts, and warnings are easily overlooked. So it is logged as an error for
 * as long as it lasts. It ends nothing, because the permission may be granted again at any time.
 */
export function createAccessAlarm(logger: KafkaLogger): AccessAlarm {
  const refusals = new Map<string, { sentence: string; nextLineAt: number }>();
  return {
    refused: (who, error, advice) => {
      const sentence = `Kafka refuses ${who}: ${error}`;
      const now = performance.now();
      const nextLineAt = refusals.get(who)?.nextLineAt ?? now;
      const isDue = now >= nextLineAt;
      if (isDue)
        logger.error(
          { refused: who, error },
          `kafka.refused: ${sentence} ${advice} It goes on by itself once it is let in.`,
        );
      refusals.set(who, { sentence: `${sentence} ${advice}`, nextLineAt: isDue ? now + REPEAT_MS : nextLineAt });
    },
    granted: (who) => {
      if (refusals.delete(who)) logger.info({ granted: who }, `kafka.granted: Kafka serves ${who} again`);
    },
    list: () => [...refusals.values()].map(({ sentence }) => sentence),
  };
}
