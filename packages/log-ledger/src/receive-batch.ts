import type { InRecord, PartitionBatch } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { FatalError, OverrunError, RetryableError } from '@runlane/service-kit';
import { adviceOn, describe } from './stoppages.ts';
import type { Stoppages } from './stoppages.ts';

/** Decoded records of one partition, and where it ended and began at the time they were read (see `PartitionBatch`). */
export type Batch<Reading> = { readings: readonly Reading[] } & Watermarks;

export type Watermarks = Pick<PartitionBatch, 'highWatermark' | 'lowWatermark'>;

export type ReceiveSteps<Reading> = {
  /** Thrown: RetryableError while what it needs is away. Everything else is a reading. */
  read: (record: InRecord) => Promise<Reading>;
  /** Takes a batch into the ledger, in one transaction. `attempts`: how often its only record was tried. */
  take: (batch: Batch<Reading>, attempts: number) => Promise<void>;
  /**
   * Called when everything through this record is committed, before more is taken, so that a ledger which is put back in
   * between is noticed.
   */
  taken?: (last: InRecord) => void;
  /** What replaces a record that fails because of its content; `message` says how often it failed and why. */
  giveUp: (reading: Reading, message: string) => Reading;
  /** Kept from batch to batch. */
  stoppages: Stoppages;
  /** Beginning of the names of log lines. */
  name: string;
  logger: Logger;
};

/** What is decoded and stored in one step. A fetch is bounded by its compressed size, and may unpack to many times that. */
const MAX_PART_BYTES = 8 * 1024 * 1024;
const MAX_PART_RECORDS = 2_000;

/**
 * Takes consecutive records of one partition in, in one transaction unless they are many or large. A batch that fails for a
 * reason of its own is taken record by record, and a record that still fails and is to blame is given up, so that it never
 * blocks its partition (I10). One that is over a limit of the database is taken in halves, so that every record in front of
 * the heavy one goes in.
 *
 * Thrown: RetryableError when a dependency is away, when records fail for what no record can cause (I11), and while a record
 * that is over a limit alone waits for its next try; FatalError, as `take` throws it. What came before is taken in then, and
 * is skipped when it comes again.
 */
export async function receiveBatch<Reading extends { record: InRecord }>(
  { records, highWatermark, lowWatermark }: Pick<PartitionBatch, 'records'> & Watermarks,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const watermarks = { highWatermark, lowWatermark };
  for (const part of partsOf(records)) await receivePart(part, watermarks, steps);
}

/** The records in order, in groups of as many as fit, at least one. */
function* partsOf(records: readonly InRecord[]): Generator<InRecord[]> {
  let part: InRecord[] = [];
  let partBytes = 0;
  for (const record of records) {
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    const isFull = part.length === MAX_PART_RECORDS || partBytes + bytes > MAX_PART_BYTES;
    if (isFull && part.length > 0) {
      yield part;
      part = [];
      partBytes = 0;
    }
    part.push(record);
    partBytes += bytes;
  }
  if (part.length > 0) yield part;
}

async function receivePart<Reading extends { record: InRecord }>(
  records: readonly InRecord[],
  watermarks: Watermarks,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const successesBefore = steps.stoppages.successCount;
  const readings: Reading[] = [];
  for (const record of records) readings.push(await steps.read(record));
  let from = 0;
  // The rest of the batch would only make a heavy record heavier.
  for (const [index, record] of records.entries()) {
    const waitMs = steps.stoppages.waitOf(record);
    if (waitMs === null) continue;
    await takeTogether(readings.slice(from, index), watermarks, successesBefore, steps);
    if (waitMs > 0) throw stillWaits(record, waitMs);
    await takeTogether(readings.slice(index, index + 1), watermarks, successesBefore, steps);
    from = index + 1;
  }
  await takeTogether(readings.slice(from), watermarks, successesBefore, steps);
}

async function takeTogether<Reading extends { record: InRecord }>(
  readings: readonly Reading[],
  watermarks: Watermarks,
  successesBefore: number,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  if (readings.length === 0) return;
  try {
    await steps.take({ readings, ...watermarks }, 1);
    wereTaken(readings, steps);
    return;
  } catch (error) {
    if (error instanceof OverrunError) {
      if (readings.length === 1 && readings[0] !== undefined) throw overran(readings[0], error, steps);
      steps.logger.warn({ err: error, records: readings.length }, `${steps.name}.batch_overran`);
      const half = Math.ceil(readings.length / 2);
      await takeTogether(readings.slice(0, half), watermarks, successesBefore, steps);
      await takeTogether(readings.slice(half), watermarks, successesBefore, steps);
      return;
    }
    if (isForTheCaller(error)) throw error;
    steps.logger.debug({ err: error, records: readings.length }, `${steps.name}.batch_failed`);
  }
  for (const reading of readings) await takeAlone(reading, watermarks, successesBefore, steps);
}

function wereTaken<Reading extends { record: InRecord }>(
  readings: readonly Reading[],
  { stoppages, taken }: ReceiveSteps<Reading>,
): void {
  stoppages.succeeded(readings.map(({ record }) => record));
  const last = readings.at(-1);
  if (last !== undefined) taken?.(last.record);
}

/** Logged each time: the partition has stopped, and the intervals grow. */
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
  'Find what holds locks or loads the database. A record that is heavy by itself needs a longer limit: start the process ' +
  'with statement_timeout=<milliseconds> among the parameters of DATABASE_URL.';

function stillWaits({ topic, partition, offset }: InRecord, waitMs: number): RetryableError {
  return new RetryableError(
    `${topic}/${partition}: the record at offset ${offset} was over a limit of the database and is tried in ${Math.ceil(waitMs)} ms.`,
  );
}

async function takeAlone<Reading extends { record: InRecord }>(
  reading: Reading,
  watermarks: Watermarks,
  successesBefore: number,
  steps: ReceiveSteps<Reading>,
): Promise<void> {
  const { take, taken, giveUp, stoppages, name, logger } = steps;
  for (;;) {
    try {
      await take({ readings: [reading], ...watermarks }, 1);
      wereTaken([reading], steps);
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
        throw new RetryableError(`${topic}/${partition} waits: ${describe(error)}`, { cause: error });
      }
      logger.error({ err: error, ...at, attempts }, `${name}.record_failed`);
      const message = `The record failed ${attempts} times: ${describe(error)}`;
      await take({ readings: [giveUp(reading, message)], ...watermarks }, attempts);
      stoppages.wasPutAside(reading.record);
      taken?.(reading.record);
      return;
    }
  }
}

function isForTheCaller(error: unknown): boolean {
  return error instanceof RetryableError || error instanceof FatalError;
}
