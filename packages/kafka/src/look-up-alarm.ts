import { createAccessAlarm } from '@runlane/service-kit';
import type { KafkaLogger } from './port.ts';

/** The alarm about look-ups that a registry refuses. */
export type LookUpAlarm = {
  /** Tells that `what` was refused; `sentence` has the answer and what to look at. */
  refused(what: string, sentence: string): void;
  /** Tells that `what` was found, and so that the registry knows who asks. */
  granted(what: string): void;
  /** A sentence for each look-up that is refused and still wanted. */
  list(): readonly string[];
};

/**
 * Who wants a schema asks for it every few seconds. Longer without asking, in milliseconds, and nobody does: its partition has
 * gone to another process, say.
 */
const WANTED_MS = 120_000;

/** Loud as the alarm about Kafka's own refusals. */
export function createLookUpAlarm(logger: KafkaLogger): LookUpAlarm {
  const alarm = createAccessAlarm(logger, { name: 'The schema registry', event: 'registry' });
  const wantedUntilMs = new Map<string, number>();
  return {
    refused: (what, sentence) => {
      wantedUntilMs.set(what, performance.now() + WANTED_MS);
      alarm.refused(what, sentence);
    },
    granted: (what) => {
      if (wantedUntilMs.delete(what)) alarm.granted(what);
    },
    list: () => {
      const nowMs = performance.now();
      for (const [what, untilMs] of wantedUntilMs) {
        if (untilMs >= nowMs) continue;
        wantedUntilMs.delete(what);
        alarm.forget(what);
      }
      return alarm.list();
    },
  };
}
