import { FatalError, RetriableError } from '@runlane/kafka';
import type { InRecord, PartitionBatch } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';

/** Decoded records of one partition, and the offset behind its last record at the time they were read. */
export type Batch<Reading> = { readings: readonly Reading[]; highWatermark: bigint };

export type ReceiveSteps<Reading> = {
  /** Thrown: RetriableError while what it needs is away. Everything else is a reading. */
  read: (record: InRecord) => Promise<Reading>;
  /** Takes a batch into the ledger, in one transaction. `attempts`: how often its only record was tried. */
  take: (batch: Batch<Reading>, attempts: number) => Promise<void>;
  /** What a record is taken for that fails for no known reason; `message` says how often and why. */
  giveUp: (reading: Reading, message: string) => Reading;
  /** Beginning of the names of log lines. */
  name: string;
  logger: Logger;
};

/** Tries of a record that fails for no known reason before it is given up. */
const MAX_PROCESSING_ATTEMPTS = 3;

/**
 * Takes consecutive records of one partition in. A batch that fails for a reason of its own is taken record by record,
 * and a record that still fails is given up, so that it never blocks its partition (I10).
 *
 * Thrown: RetriableError when a dependency is away, and FatalError, as `take` throws them.
 */
export async function receiveBatch<Reading extends { record: InRecord }>(
  { records, highWatermark }: Pick<PartitionBatch, 'records' | 'highWatermark'>,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const readings: Reading[] = [];
  for (const record of records) readings.push(await steps.read(record));
  try {
    await steps.take({ readings, highWatermark }, 1);
    return;
  } catch (error) {
    if (isForTheCaller(error)) throw error;
    steps.logger.warn({ err: error, records: records.length }, `${steps.name}.batch_failed`);
  }
  for (const reading of readings) await takeAlone(reading, highWatermark, steps);
}

async function takeAlone<Reading extends { record: InRecord }>(
  reading: Reading,
  highWatermark: bigint,
  { take, giveUp, name, logger }: ReceiveSteps<Reading>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await take({ readings: [reading], highWatermark }, 1);
      return;
    } catch (error) {
      if (isForTheCaller(error)) throw error;
      const { topic, partition, offset } = reading.record;
      logger.error({ err: error, topic, partition, offset: String(offset), attempt }, `${name}.record_failed`);
      if (attempt < MAX_PROCESSING_ATTEMPTS) continue;
      const message = `The record failed ${attempt} times: ${error instanceof Error ? error.message : String(error)}`;
      await take({ readings: [giveUp(reading, message)], highWatermark }, attempt);
      return;
    }
  }
}

function isForTheCaller(error: unknown): boolean {
  return error instanceof RetriableError || error instanceof FatalError;
}
