/** Where a service writes its log: standard output, which may be a file on a full disk, or be closed by a graph's library. */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import type { DestinationStream } from 'pino';

/** Bytes of lines that are kept while they cannot be written. */
const KEPT_BYTES = 1024 * 1024;

/** How often it is said that they cannot be, in milliseconds. */
const TOLD_EVERY_MS = 60_000;

/**
 * Writes to standard output synchronously, so that the last lines before an exit are not lost. Lines that cannot be written are
 * kept, up to 1 MiB, and written before the next ones; beyond that they are dropped. Either never ends the process: runs do
 * not depend on their log (I11). Standard error says once a minute what is wrong.
 */
export function logOutput(service: string): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true, maxLength: KEPT_BYTES });
  let dropped = 0;
  let toldAtMs = -Infinity;
  output.on('drop', () => (dropped += 1));
  output.on('error', (error: Error) => {
    const nowMs = performance.now();
    if (nowMs - toldAtMs < TOLD_EVERY_MS) return;
    toldAtMs = nowMs;
    tell(`${service}: the log cannot be written to standard output, ${dropped} lines are lost: ${error.message}\n`);
  });
  return output;
}

function tell(text: string): void {
  try {
    writeSync(2, text);
  } catch (error) {
    // A standard error that is full or closed as well leaves nobody to tell.
    if (!(error instanceof Error && 'syscall' in error)) throw error;
  }
}
