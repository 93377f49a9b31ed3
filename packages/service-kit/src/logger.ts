import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { logOutput } from './logging/log-output.ts';
import { redact } from './logging/redact.ts';

export type { Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LoggerOptions = {
  /** Name of the service, on every line as `service`. */
  service: string;
  /** Lowest level written. */
  level: LogLevel;
  /** Where lines go. Default: standard output (logging/log-output.ts). */
  destination?: DestinationStream;
};

/**
 * JSON logger: ISO time, level as a word, `err` with its causes. Every finished line passes {@link redact}, so a secret
 * stays out of the log however deeply it is nested or which error message quotes it.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { service: options.service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.errWithCause },
      hooks: { streamWrite: redact },
    },
    options.destination ?? logOutput(options.service),
  );
}
