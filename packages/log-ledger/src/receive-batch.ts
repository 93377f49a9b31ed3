import { FatalError, RetriableError } from '@runlane/kafka';
import type { InRecord, PartitionBatch } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { adviceOn, describe } from './stoppages.ts';
import type { Stoppages } from './stoppages.ts';

/** Decoded records of one partition, and the offset behind its last record at the time they were read. */
export type Batch<Reading> = { readings: readonly Reading[]; highWatermark: bigint };

export type ReceiveSteps<Reading> = {
  /** Thrown: RetriableError while what it needs is away. Everything else is a reading. */
  read: (record: InRecord) => Promise<Reading>;
  /** Takes a batch into the ledger, in one transaction. `attempts`: how often its only record was tried. */
  take: (batch: Batch<Reading>, attempts: number) => Promise<void>;
  /** What a record is taken for that fails and is to blame; `message` says how often and why. */
  giveUp: (reading: Reading, message: string) => Reading;
  /** Kept from batch to batch. */
  stoppages: Stoppages;
  /** Beginning of the names of log lines. */
  name: string;
  logger: Logger;
};

/**
 * Takes consecutive records of one partition in. A batch that fails for a reason of its own is taken record by record,
 * and a record that still fails and is to blame is given up, so that it never blocks its partition (I10).
 *
 * Thrown: RetriableError when a dependency is away, and when records fail for what no record can cause (I11); FatalError, as
 * `take` throws it.
 */
export async function receiveBatch<Reading extends { record: InRecord }>(
  { records, highWatermark }: Pick<PartitionBatch, 'records' | 'highWatermark'>,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const successesBefore = steps.stoppages.successCount;
  const readings: Reading[] = [];
  for (const record of records) readings.push(await steps.read(record));
  try {
    await steps.take({ readings, highWatermark }, 1);
    steps.stoppages.succeeded(records);
    return;
  } catch (error) {
    if (isForTheCaller(error)) throw error;
    steps.logger.debug({ err: error, records: records.length }, `${steps.name}.batch_failed`);
  }
  for (const reading of readings) await takeAlone(reading, highWatermark, successesBefore, steps);
}

async function takeAlone<Reading extends { record: InRecord }>(
  reading: Reading,
  highWatermark: bigint,
  successesBefore: number,
  { take, giveUp, stoppages, name, logger }: ReceiveSteps<Reading>,
): Promise<void> {
  for (;;) {
    try {
      await take({ readings: [reading], highWatermark }, 1);
      stoppages.succeeded([reading.record]);
      return;
    } catch (error) {
      if (isForTheCaller(error)) throw error;
      const { topic, partition, offset } = reading.record;
      const at = { topic, partition, offset: String(offset) };
      const { verdict, attempts } = stoppages.failed(reading.record, error, successesBefore);
      if (verdict === 'again') continue;
      if (verdict === 'wait') {
        if (stoppages.isToBeSaid(error))
          logger.error({ err: error, ...at, advice: adviceOn(error) }, `${name}.stopped`);
        throw new RetriableError(`${topic}/${partition} waits: ${describe(error)}`, { cause: error });
      }
      logger.error({ err: error, ...at, attempts }, `${name}.record_failed`);
      const message = `The record failed ${attempts} times: ${describe(error)}`;
      await take({ readings: [giveUp(reading, message)], highWatermark }, attempts);
      stoppages.wasPutAside(reading.record);
      return;
    }
  }
}

function isForTheCaller(error: unknown): boolean {
  return error instanceof RetriableError || error instanceof FatalError;
}
