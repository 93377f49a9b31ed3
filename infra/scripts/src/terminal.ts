import { inspect, styleText } from 'node:util';

/** A result, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress, warnings and errors, on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Colours a text for stdout: only on a terminal, and not with `NO_COLOR`. */
export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export type TableRow = [name: string, value: string];

/** Names and values in two columns. */
export function table(rows: readonly TableRow[]): string {
  return rows.map(([name, value]) => `${name.padEnd(17)}${value}`).join('\n');
}

/** An error and its causes for people: the messages, one a line, without stacks. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (let current: unknown = error; current !== undefined; current = causeOf(current)) {
    const message = current instanceof Error ? current.message || current.name : inspect(current);
    if (messages.every((earlier) => !earlier.includes(message))) messages.push(message);
  }
  return messages.join('\n  because: ');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/**
 * Asks this process to stop, by SIGTERM, when the terminal is closed, when nobody reads the output any more
 * (`npm start | head -3`) and when with-toolchain.mjs is gone, which started it.
 */
export function stopWithTerminal(): void {
  let isAsked = false;
  const stop = (): void => {
    if (!isAsked) process.kill(process.pid, 'SIGTERM');
    isAsked = true;
  };
  process.on('SIGHUP', stop);
  process.on('disconnect', stop);
  process.stdout.on('error', stop);
  process.stderr.on('error', stop);
}
