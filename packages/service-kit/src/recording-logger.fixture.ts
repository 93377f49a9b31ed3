import { createLogger } from './logger.ts';
import type { Logger } from './logger.ts';

/** A real logger that writes nothing, for tests that do not look at the log. */
export const silentLogger: Logger = createLogger({ service: 'test', level: 'silent' });

/** A line of the log, parsed. */
export type LogEvent = { msg?: string } & Record<string, unknown>;

/** A real logger of level trace that keeps its lines. */
export function recordingLogger(): {
  logger: Logger;
  events: () => LogEvent[];
  /** The names of the events. */
  names: () => (string | undefined)[];
  lines: string[];
} {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'trace',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const events = () => lines.map((line) => JSON.parse(line) as LogEvent);
  return { logger, lines, events, names: () => events().map(({ msg }) => msg) };
}
