/**
 * Purpose   Publishes stored dead letters to their topic, in the order in which admission stored them.
 * I1        A dead letter is deleted only after the broker has acknowledged it; a failed batch comes again as it was.
 * I10       One that its topic refuses for its size delays no other: it is published without its value and headers, then
 *           without its key. One that is refused even then waits, and later ones pass it.
 * Apart     It shares neither lease nor producer with the events, so a failure of one does not delay the other.
 */
import { BatchLimit, RetryableError } from '@runlane/service-kit';
import { smallerDeadLetter } from '@runlane/kafka';
import type { RecordProducer, RecordTooLarge } from '@runlane/kafka';
import { HeldBack, LEADERLESS, REFUSED } from './held-back.ts';
import { leadRelayUntil } from './lead-relay.ts';
import type { Look, RelayLoop } from './lead-relay.ts';
import type { DeadLetterOutbox, StoredDeadLetter } from '../ports.ts';
import { publishFitting } from './publish-fitting.ts';

export type DeadLetterRelayDependencies = RelayLoop & {
  outbox: Pick<DeadLetterOutbox, 'waiting' | 'forget'>;
  publisher: Pick<RecordProducer, 'publish'>;
};

const LEADERLESS_LETTERS = 'Too many dead letters belong to partitions without a leader, or with too few replicas.';
const BATCH = 500;
const BATCH_BYTES = 8 * 1024 * 1024;

/** Relays until `signal` aborts, then publishes the rest once. Never rejects: failures are repeated. */
export function relayDeadLettersUntil(signal: AbortSignal, needs: DeadLetterRelayDependencies): Promise<void> {
  const held = {
    refused: new HeldBack<bigint>(needs.monotonicMs, REFUSED),
    leaderless: new HeldBack<bigint>(needs.monotonicMs, LEADERLESS),
  };
  const batch = new BatchLimit(BATCH);
  return leadRelayUntil(signal, needs, {
    name: 'dead_letter_relay',
    // Runs and their events do not depend on dead letters, so dead letters must not end the process.
    endsOnFatal: false,
    publishOldest: (stop) => publishOldest(needs, held, batch, stop),
  });
}

async function publishOldest(
  needs: DeadLetterRelayDependencies,
  held: { refused: HeldBack<bigint>; leaderless: HeldBack<bigint> },
  batch: BatchLimit,
  signal: AbortSignal,
): Promise<Look> {
  const { outbox, publisher, logger } = needs;
  const { letters, hasMore } = await batch.ask((limit) =>
    outbox.waiting(limit, BATCH_BYTES, [...held.refused.keys(), ...held.leaderless.keys()]),
  );
  if (letters.length === 0) return { foundCount: 0, hasMore: false };
  const smaller = ({ record, ...stored }: StoredDeadLetter, refusal: RecordTooLarge) => {
    const fitting = smallerDeadLetter(record);
    if (fitting === null) return null;
    logger.warn({ err: refusal }, 'dead_letter_relay.too_large');
    return { ...stored, record: fitting };
  };
  const leftOut = await publishFitting(letters, { smaller, waitsFor: () => false }, publisher, signal);
  const leftOutIds = new Set(leftOut.map(({ item }) => item.id));
  const published = letters.filter(({ id }) => !leftOutIds.has(id));
  if (published.length > 0) await outbox.forget(published);
  for (const one of leftOut) {
    if (one.why === 'leaderless') held.leaderless.hold(one.item.id, new RetryableError(LEADERLESS_LETTERS));
    if (one.why !== 'refused') continue;
    logger.error({ err: one.refusal, id: String(one.item.id) }, 'dead_letter_relay.refused');
    held.refused.hold(one.item.id, one.refusal);
  }
  if (held.leaderless.count > 0)
    logger.warn({ letters: held.leaderless.count }, 'dead_letter_relay.partition_leaderless');
  return { foundCount: letters.length, hasMore };
}
