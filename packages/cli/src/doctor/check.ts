import { RegistryDenied } from '@runlane/kafka';
import { withAdvice } from '../command-error.ts';

/** One thing that the doctor has checked. */
export type Check = {
  /** The checked thing, such as `topic runs.status.v1`. */
  check: string;
  /** `problem`: Runlane does not work, or loses something. `warning`: it works now, but may fail later. */
  status: 'ok' | 'warning' | 'problem' | 'skipped';
  /** What was found, and what to change if it is wrong. */
  detail: string;
};

export function ok(check: string, detail: string): Check {
  return { check, status: 'ok', detail };
}

export function warning(check: string, detail: string): Check {
  return { check, status: 'warning', detail };
}

export function problem(check: string, detail: string): Check {
  return { check, status: 'problem', detail };
}

export function skipped(check: string, detail: string): Check {
  return { check, status: 'skipped', detail };
}

/** The result of a check. A check that fails is a problem of its own, and does not stop the others. */
export async function looking(check: string, advice: string, look: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await look();
  } catch (error) {
    // A refusal says itself what to look at.
    const isRefused = error instanceof RegistryDenied;
    return [problem(check, withAdvice(withCause(error), isRefused ? '' : advice))];
  }
}

function withCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message !== '' ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}
