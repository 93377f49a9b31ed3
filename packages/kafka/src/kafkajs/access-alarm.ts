import type { KafkaLogger } from '../port.ts';

const REPEAT_MS = 60_000;

/** Who of a connection is refused by the cluster just now, and the alarm about it. */
export type AccessAlarm = {
  /** Tells that the cluster refuses `who`, at most once a minute in the log. `advice` says what to look at. */
  refused(who: string, error: string, advice: string): void;
  /** Tells that `who` was served. */
  granted(who: string): void;
  /** What is refused, and what to look at, for each who is. */
  list(): readonly string[];
};

/**
 * A refusal is no outage: it does not heal by itself, and nobody looks at a warning. It is loud for as long as it lasts,
 * and ends nothing, because the permission may be given back at any time.
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
