import type { Logger } from '../logger.ts';
import type { TracingSettings } from './settings.ts';
import type { Tracing } from './span.ts';

/** How long a process waits for the collector when it ends, in milliseconds. */
const CLOSE_WITHIN_MS = 3_000;

/** Loads OpenTelemetry and begins to trace. Null without settings; then nothing is loaded. */
export async function openTracing(settings: TracingSettings | null, logger: Logger): Promise<Tracing | null> {
  if (settings === null) return null;
  const { createTracing } = await import('./tracing.ts');
  const tracing = createTracing(settings);
  logger.info({ sampler: settings.sampler }, 'tracing.started');
  const within = async (work: Promise<void>, what: string): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not within ${CLOSE_WITHIN_MS} ms`)), CLOSE_WITHIN_MS);
    });
    try {
      await Promise.race([work, late]);
    } catch (err) {
      logger.warn({ err }, what);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    start: (name, start) => tracing.start(name, start),
    within: (traceparent, work) => tracing.within(traceparent, work),
    flush: () => within(tracing.flush(), 'tracing.not_flushed'),
    close: () => within(tracing.close(), 'tracing.not_closed'),
  };
}
