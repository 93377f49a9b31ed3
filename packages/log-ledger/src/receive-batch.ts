import { FatalError, OverrunError, RetriableError } from '@runlane/kafka';
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
 * and a record that still fails and is to blame is given up, so that it never blocks its partition (I10). One that is over a
 * limit of the database is taken in halves, so that every record in front of the heavy one goes in.
 *
 * Thrown: RetriableError when a dependency is away, when records fail for what no record can cause (I11), and while a record
 * that is over a limit alone waits for its next try; FatalError, as `take` throws it.
 */
export async function receiveBatch<Reading extends { record: InRecord }>(
  { records, highWatermark }: Pick<PartitionBatch, 'records' | 'highWatermark'>,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const successesBefore = steps.stoppages.successCount;
  const [first] = records;
  const waitMs = first === undefined ? null : steps.stoppages.waitOf(first);
  if (first !== undefined && waitMs !== null && waitMs > 0) throw stillWaits(first, waitMs);
  const readings: Reading[] = [];
  for (const record of records) readings.push(await steps.read(record));
  // The rest of the batch would only make the heavy one heavier.
  const aloneCount = waitMs === null ? 0 : 1;
  await takeTogether(readings.slice(0, aloneCount), highWatermark, successesBefore, steps);
  await takeTogether(readings.slice(aloneCount), highWatermark, successesBefore, steps);
}

async function takeTogether<Reading extends { record: InRecord }>(
  readings: readonly Reading[],
  highWatermark: bigint,
  successesBefore: number,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  if (readings.length === 0) return;
  try {
    await steps.take({ readings, highWatermark }, 1);
    steps.stoppages.succeeded(readings.map(({ record }) => record));
    return;
  } catch (error) {
    if (error instanceof OverrunError) {
      if (readings.length === 1 && readings[0] !== undefined) throw overran(readings[0], error, steps);
      steps.logger.warn({ err: error, records: readings.length }, `${steps.name}.batch_overran`);
      const half = Math.ceil(readings.length / 2);
      await takeTogether(readings.slice(0, half), highWatermark, successesBefore, steps);
      await takeTogether(readings.slice(half), highWatermark, successesBefore, steps);
      return;
    }
    if (isForTheCaller(error)) throw error;
    steps.logger.debug({ err: error, records: readings.length }, `${steps.name}.batch_failed`);
  }
  for (const reading of readings) await takeAlone(reading, highWatermark, successesBefore, steps);
}

/** Says it aloud each time: the partition stands still, and the times between grow. */
function overran<Reading extends { record: InRecord }>(
  { record }: Reading,
  error: OverrunError,
  { stoppages, name, logger }: ReceiveSteps<Reading>,
): OverrunError {
  const { attempts, waitMs } = stoppages.overran(record, error);
  const { topic, partition, offset } = record;
  logger.error(
    { err: error, topic, partition, offset: String(offset), attempts, wait_ms: waitMs, advice: OVERRUN_ADVICE },
    `${name}.record_overran`,
  );
  return error;
}

const OVERRUN_ADVICE =
  'Look for what holds locks or loads the database; a record that is heavy itself needs a longer statement_timeout.';

function stillWaits({ topic, partition, offset }: InRecord, waitMs: number): RetriableError {
  return new RetriableError(
    `${topic}/${partition}: the record at offset ${offset} was over a limit of the database and is tried in ${Math.ceil(waitMs)} ms.`,
  );
}

async function takeAlone<Reading extends { record: InRecord }>(
  reading: Reading,
  highWatermark: bigint,
  successesBefore: number,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const { take, giveUp, stoppages, name, logger } = steps;
  for (;;) {
    try {
      await take({ readings: [reading], highWatermark }, 1);
      stoppages.succeeded([reading.record]);
      return;
    } catch (error) {
      if (error instanceof OverrunError) throw overran(reading, error, steps);
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
