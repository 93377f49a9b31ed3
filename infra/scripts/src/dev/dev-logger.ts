import { createWriteStream } from 'node:fs';
import { createLogger } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { isWorthSeeing, logField, readableLogLine } from '../start/log-lines.ts';
import { note } from '../terminal.ts';

/** The log of a development command: all of it in a file, written anew, and warnings and errors on the terminal. */
export function createDevLogger(service: string, file: string): Logger {
  const log = createWriteStream(file);
  return createLogger({
    service,
    level: 'info',
    destination: {
      write(line) {
        log.write(line);
        if (isWorthSeeing(line) && !isToldElsewhere(line)) note(readableLogLine(line));
      },
    },
  });
}

/** Events that the command itself reports in better words, or that another line reports. */
function isToldElsewhere(line: string): boolean {
  const part = logField(line, 'part');
  const isOwnFailure = logField(line, 'msg') === 'service.crashed' && (part === 'start' || part === 'part');
  return isOwnFailure || logField(line, 'msg') === 'service.release_failed';
}
