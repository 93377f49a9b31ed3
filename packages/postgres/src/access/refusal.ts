import { errorChain } from '../sqlstate.ts';
import { isRefusedConnection, knownAdviceOn } from './connection-advice.ts';
import { isDenied } from '../failures.ts';

/** A database's refusal as it is told: its words, and what to change. Plain, so that it passes from thread to thread. */
export type Refusal = {
  message: string;
  advice: string;
  /** Whether a connection was refused, not a statement. */
  isConnection: boolean;
};

/** The refusal that an error is; null for every other error. */
export function refusalIn(error: unknown): Refusal | null {
  const isConnection = isRefusedConnection(error);
  if (!isConnection && !isDenied(error)) return null;
  // The words of who refused, not of those who passed them on.
  const said = errorChain(error).findLast((link) => isRefusedConnection(link) || isDenied(link));
  const message = said?.message ?? String(error);
  const advice = knownAdviceOn(error) ?? 'Grant the role of DATABASE_URL the missing permission.';
  return { message, advice, isConnection };
}
