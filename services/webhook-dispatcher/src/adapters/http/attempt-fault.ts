import type { AttemptOutcome } from '../../app/ports.ts';

/** Every outcome but an answer. */
export type FaultOutcome = Exclude<AttemptOutcome, { kind: 'response' }>;

/** Thrown anywhere in an attempt to end it with this outcome. */
export class AttemptFault extends Error {
  override readonly name = 'AttemptFault';
  readonly outcome: FaultOutcome;

  constructor(outcome: FaultOutcome) {
    super(outcome.message);
    this.outcome = outcome;
  }
}

/** The `code` of an error of Node or undici; an empty text when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
