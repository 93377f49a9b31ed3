import { Cancelled, Superseded } from '../../../domain/abort-reasons.ts';
import type { AbortMessage } from './messages.ts';

/** An abort reason as a message to a worker thread. */
export function abortMessageOf(reason: unknown): AbortMessage {
  if (reason instanceof Superseded) return { kind: 'superseded', by: reason.by, action: reason.action };
  if (reason instanceof Cancelled) return { kind: 'cancelled', action: reason.action };
  return { kind: 'other', message: reason instanceof Error ? reason.message : String(reason) };
}

/** The reason from a message, as the nodes see it in their signal. */
export function abortReasonOf(message: AbortMessage): Error {
  switch (message.kind) {
    case 'superseded':
      return new Superseded(message);
    case 'cancelled':
      return new Cancelled(message);
    case 'other':
      return new Error(message.message);
  }
}
