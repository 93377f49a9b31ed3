/** Ends a command with its message alone: what was wrong with what the user gave, and what to change. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** Of the process. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What is wrong, in its own words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong, and what to change, as two sentences; without advice the one. */
export function withAdvice(message: string, advice: string): string {
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${advice}`.trim();
}
