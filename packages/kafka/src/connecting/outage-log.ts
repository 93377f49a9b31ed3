import type { KafkaLogger } from '../port.ts';

const WARN_INTERVAL_MS = 10_000;

/** Writes the warnings of an outage at most every 10 s, the others at debug, however many sources repeat them. */
export type OutageLog = { warn(fields: object, message: string): void };

export function createOutageLog(logger: KafkaLogger): OutageLog {
  let nextWarningAt = 0;
  let suppressed = 0;
  return {
    warn: (fields, message) => {
      const now = performance.now();
      if (now < nextWarningAt) {
        suppressed += 1;
        logger.debug(fields, message);
        return;
      }
      logger.warn(suppressed === 0 ? fields : { ...fields, suppressed_count: suppressed }, message);
      nextWarningAt = now + WARN_INTERVAL_MS;
      suppressed = 0;
    },
  };
}
