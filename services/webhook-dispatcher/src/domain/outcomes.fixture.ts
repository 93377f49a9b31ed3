import { FAILURE_CLASSES } from './delivery.ts';
import type { FailureClass, Outcome } from './delivery.ts';

type Response = Extract<Outcome, { kind: 'response' }>;

export function answered(status: number, more: Partial<Response> = {}): Outcome {
  return { kind: 'response', status, retryAfterSeconds: null, instruction: null, ...more };
}

export function failed(failure: FailureClass): Outcome {
  return { kind: 'failed', class: failure, message: `It failed: ${failure}.` };
}

export const blocked = { kind: 'blocked', code: 'denied_address', message: 'It is private.' } as const;
/** Because of the current addresses of its name. */
export const blockedForNow: Outcome = { ...blocked, code: 'denied_answer' };
export const infrastructure: Outcome = { kind: 'infrastructure', message: 'The resolver is down.' };

/** One outcome of each kind that some rule distinguishes. */
export const OUTCOMES: readonly Outcome[] = [
  answered(200),
  answered(299),
  answered(301),
  answered(404),
  answered(410),
  answered(429, { retryAfterSeconds: 60 }),
  answered(500),
  answered(503, { retryAfterSeconds: 1e9 }),
  answered(400, { instruction: 'abort-message' }),
  answered(400, { instruction: 'disable' }),
  ...FAILURE_CLASSES.map(failed),
  blocked,
  blockedForNow,
  infrastructure,
];
