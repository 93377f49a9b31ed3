/** Ends a command with its message alone: what was wrong with what the user gave, and what to change. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
