/** What the alarm is told by. */
export type AlarmLogger = {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

const REPEAT_MS = 60_000;

/** The clients that a server refuses now, and the alarm about them. */
export type AccessAlarm = {
  /** Notes that the server refuses `who`; at most once a minute in the log. `advice` says what to check, unless `error` does. */
  refused(who: string, error: string, advice?: string): void;
  /** Notes that `who` was served. */
  granted(who: string): void;
  /** Says no more about `who`, who asks no more. */
  forget(who: string): void;
  /** What is refused and what to check, for each refused client. */
  list(): readonly string[];
};

/** `name` begins a sentence; `event` begins the names of its lines in the log. */
export type RefusingServer = { name: string; event: string };

/**
 * A refusal is no outage: it lasts until somebody acts, and warnings are easily overlooked. So it is logged as an error for
 * as long as it lasts. It ends nothing, because the permission may be granted again at any time.
 */
export function createAccessAlarm(logger: AlarmLogger, { name, event }: RefusingServer): AccessAlarm {
  const refusals = new Map<string, { sentence: string; nextLineAt: number }>();
  return {
    refused: (who, error, advice = '') => {
      const sentence = `${name} refuses ${who}: ${error} ${advice}`.trimEnd();
      const now = performance.now();
      const nextLineAt = refusals.get(who)?.nextLineAt ?? now;
      const isDue = now >= nextLineAt;
      if (isDue)
        logger.error(
          { refused: who, error },
          `${event}.refused: ${sentence} It goes on by itself once access is given.`,
        );
      refusals.set(who, { sentence, nextLineAt: isDue ? now + REPEAT_MS : nextLineAt });
    },
    granted: (who) => {
      if (refusals.delete(who)) logger.info({ granted: who }, `${event}.granted: ${name} serves ${who} again`);
    },
    forget: (who) => void refusals.delete(who),
    list: () => [...refusals.values()].map(({ sentence }) => sentence),
  };
}
