/**
 * Purpose   Reads records in quarantine again: those that an operator asks for, and once those that an older version did not
 *           know. A record that is an event now becomes a delivery.
 * I14       Out of quarantine, into deliveries, and counted so: one transaction, which holds the account of the partition.
 * I4        A record that another process has taken in meanwhile is left alone.
 */
import type { InRecord } from '@runlane/kafka';
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { planIntake } from '../../domain/intake-plan.ts';
import type { IntakeLedger, QuarantineCode } from '../ports.ts';
import type { Reading } from '../intake/receive-status-events.ts';

export interface Quarantine {
  /** Records to be read again, in the order of their places, after one of them: asked for, or with one of the codes. */
  toReadAgain(codes: readonly QuarantineCode[], after: InRecord | null, limit: number): Promise<InRecord[]>;
  /** It was read again, and still is no event that can be delivered. */
  note(record: InRecord, code: QuarantineCode, message: string): Promise<void>;
}

export type TakeInDependencies = {
  quarantine: Quarantine;
  ledger: IntakeLedger;
  /** Thrown: RetryableError while the schema registry is away. */
  read: (record: InRecord) => Promise<Reading>;
  /** Called when deliveries are due. */
  onDue: () => void;
  logger: Logger;
};

const BATCH = 100;
/** Codes of problems that a later version may solve. */
const OF_OLDER_VERSIONS: readonly QuarantineCode[] = ['unknown_type', 'unknown_schema'];

/** Looks every `everyMs` until `signal` aborts; failures are repeated the next time. */
export async function takeInUntil(signal: AbortSignal, everyMs: number, needs: TakeInDependencies): Promise<void> {
  const pause = new Wakeup();
  let codes = OF_OLDER_VERSIONS;
  while (!signal.aborted) {
    try {
      await takeInQuarantined(codes, signal, needs);
      codes = [];
    } catch (error) {
      needs.logger.warn({ err: error }, 'quarantine.not_taken_in');
    }
    await pause.wait(everyMs, signal);
  }
}

/** Reads records again that were asked for or that have one of the codes. */
export async function takeInQuarantined(
  codes: readonly QuarantineCode[],
  signal: AbortSignal,
  needs: TakeInDependencies,
): Promise<void> {
  const { quarantine, read, logger } = needs;
  const counts = { takenIn: 0, left: 0 };
  let after: InRecord | null = null;
  for (;;) {
    const records: InRecord[] = await quarantine.toReadAgain(codes, after, BATCH);
    for (const record of records) {
      if (signal.aborted) return;
      const reading = await read(record);
      const { content } = reading;
      if (content.kind === 'quarantine') await quarantine.note(record, content.code, content.message);
      else await takeIn(reading, needs);
      counts[content.kind === 'quarantine' ? 'left' : 'takenIn'] += 1;
    }
    after = records.at(-1) ?? null;
    if (records.length < BATCH) break;
  }
  if (counts.takenIn > 0) needs.onDue();
  if (counts.takenIn + counts.left > 0)
    logger.info({ taken_in: counts.takenIn, left: counts.left }, 'quarantine.read_again');
}

async function takeIn({ record, content }: Reading, { ledger }: TakeInDependencies): Promise<void> {
  const { topic, partition, offset } = record;
  await ledger.inTransaction({ topic, partition, firstOffset: offset }, async (transaction) => {
    const { position } = transaction;
    // Without a position the account was deleted, and the record is read again from the topic.
    if (position === null || !(await transaction.takeOut(record))) return;
    const events = content.kind === 'event' ? [content.event] : [];
    const plan = planIntake(events, events.length > 0 ? await transaction.prepare(events) : []);
    if (plan.deliveries.length > 0) await transaction.write(plan);
    await transaction.close({
      position,
      withoutTargetCount: content.kind === 'without_target' ? 1 : 0,
      repeatCount: plan.repeatCount,
      deliveryCount: plan.deliveries.length,
      quarantinedCount: -1,
      absentCount: 0,
      lostCount: 0,
    });
  });
}
