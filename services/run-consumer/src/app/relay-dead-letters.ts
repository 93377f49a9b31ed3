/**
 * Purpose   Publishes stored dead letters to their topic, in the order in which admission stored them.
 * I1        A dead letter is deleted only after the broker has acknowledged it; a failed batch comes again as it was.
 * I10       One that its topic refuses for its size holds up no other: it goes without its value and headers, then
 *           without its key.
 * Apart     It shares neither lease nor producer with the events: a failure of one holds up nothing of the other.
 */
import { RecordTooLarge, smallerDeadLetter } from '@runlane/kafka';
import type { OutRecord } from '@runlane/kafka';
import { leadRelayUntil } from './lead-relay.ts';
import type { RelayLoop } from './lead-relay.ts';
import type { DeadLetterOutbox, RecordPublisher } from './ports.ts';

export type DeadLetterRelayDependencies = RelayLoop & { outbox: DeadLetterOutbox; publisher: RecordPublisher };

const BATCH = 500;
const BATCH_BYTES = 8 * 1024 * 1024;

/** Relays until `signal` aborts, then publishes what is left once. Never rejects: whatever fails is repeated. */
export function relayDeadLettersUntil(signal: AbortSignal, needs: DeadLetterRelayDependencies): Promise<void> {
  return leadRelayUntil(signal, needs, {
    name: 'dead_letter_relay',
    // Runs and their events do not depend on dead letters, and the process is theirs as well.
    endsOnFatal: false,
    publishOldest: (stop) => publishOldest(needs, stop),
  });
}

async function publishOldest(needs: DeadLetterRelayDependencies, signal: AbortSignal): Promise<boolean> {
  const { letters, hasMore } = await needs.outbox.waiting(BATCH, BATCH_BYTES);
  if (letters.length === 0) return false;
  let left: OutRecord[] = letters.map(({ record }) => record);
  while (left.length > 0) {
    try {
      await needs.publisher.publish(left, { signal });
      left = [];
    } catch (error) {
      if (!(error instanceof RecordTooLarge)) throw error;
      left = withoutTooMuch(left, error, needs);
    }
  }
  await needs.outbox.forget(letters.map(({ id }) => id));
  return hasMore;
}

/** What is still to publish after a refusal, beginning with a smaller form of what was refused; all before it is written. */
function withoutTooMuch(
  left: readonly OutRecord[],
  refusal: RecordTooLarge,
  { logger }: DeadLetterRelayDependencies,
): OutRecord[] {
  const index = left.indexOf(refusal.record);
  const refused = left[index];
  const smaller = refused === undefined ? null : smallerDeadLetter(refused);
  if (smaller === null) throw refusal;
  logger.warn({ err: refusal }, 'dead_letter_relay.too_large');
  return [smaller, ...left.slice(index + 1)];
}
