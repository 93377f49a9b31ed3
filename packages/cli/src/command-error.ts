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
