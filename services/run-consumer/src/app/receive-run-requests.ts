/**
 * Purpose   Admission: turns a batch of records of one partition into runs of the ledger, in one transaction.
 * Order     decode → lock position → skip what was seen → lock threads → verdicts → write → dead letters → commit.
 *           The caller commits the Kafka offset after that.
 * I1        A dead letter is acknowledged before the transaction that moves the position past it.
 * I2        Records are taken in offset order under the locks of their threads.
 * I10       A batch that fails for a reason of its own is taken record by record, and a record that still fails
 *           becomes a dead letter.
 * I11       A dependency that is away rejects with RetriableError: nothing is written, the batch comes again.
 */
import type { DeadLetterReason } from '@runlane/contracts';
import { FatalError, RetriableError } from '@runlane/kafka';
import type { InRecord, OutRecord, PartitionBatch } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { planAdmission } from '../domain/admission-batch.ts';
import type { AdmissionPlan } from '../domain/admission-plan.ts';
import type { StoredAssistant } from '../domain/assistant.ts';
import { storedIdsAmong, withStored } from '../domain/assistant-directory.ts';
import type { AssistantDirectory } from '../domain/assistant-directory.ts';
import { threadOfCancel } from '../domain/cancel.ts';
import type { CancelRequest, RunRequest } from '../domain/run-request.ts';
import type {
  AdmissionLedger,
  AdmissionTransaction,
  CancelledRuns,
  Cancelling,
  Hints,
  RecordPublisher,
  WrittenPlan,
} from './ports.ts';

/** A record after decoding. */
export type Reading = { record: InRecord; content: RunRequest | CancelRequest | DeadLetter };

export type DeadLetter = { kind: 'dead_letter'; reason: DeadLetterReason };

/** What became of a batch; for logs and metrics. */
export type AdmissionReport = {
  admittedCount: number;
  rejectedCount: number;
  repeatCount: number;
  /** Runs that the batch superseded or cancelled. */
  cancelled: CancelledRuns[];
  /** Runs that became ready because others were cancelled. */
  readyCount: number;
  skippedCount: number;
  deadLetters: DeadLetterReason[];
  /** Threads whose records arrive on another partition than before: some producer uses another partitioner. */
  strayThreads: string[];
};

export type ReceiveDependencies = {
  /** Thrown: RetriableError while the schema registry is away. Everything else is a dead letter. */
  read: (record: InRecord) => Promise<Reading>;
  ledger: AdmissionLedger;
  /** The offset behind the last record of the partition, as the broker has it now. */
  endOffset: (topic: string, partition: number) => Promise<bigint>;
  deadLetters: RecordPublisher;
  deadLetterRecord: (record: InRecord, reason: DeadLetterReason, attempts: number) => OutRecord;
  /** Those that need no look into the database. */
  assistants: AssistantDirectory;
  hints: Hints;
  report: (report: AdmissionReport) => void;
  logger: Logger;
};

/** Tries of a record that fails for no known reason before it becomes a dead letter. */
const MAX_PROCESSING_ATTEMPTS = 3;

/**
 * Admits consecutive records of one partition.
 *
 * Thrown: RetriableError when a dependency is away; FatalError when the stored position does not belong to this topic.
 */
export async function receiveRunRequests(
  { records, highWatermark }: Pick<PartitionBatch, 'records' | 'highWatermark'>,
  needs: ReceiveDependencies,
): Promise<void> {
  const readings: Reading[] = [];
  for (const record of records) readings.push(await needs.read(record));
  try {
    await admitReadings({ readings, highWatermark }, needs);
    return;
  } catch (error) {
    if (isForTheCaller(error)) throw error;
    needs.logger.warn({ err: error, records: records.length }, 'admission.batch_failed');
  }
  for (const reading of readings) await admitAlone(reading, highWatermark, needs);
}

async function admitAlone(reading: Reading, highWatermark: bigint, needs: ReceiveDependencies): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admitReadings({ readings: [reading], highWatermark }, needs);
      return;
    } catch (error) {
      if (isForTheCaller(error)) throw error;
      const { topic, partition, offset } = reading.record;
      needs.logger.error({ err: error, topic, partition, offset: String(offset), attempt }, 'admission.record_failed');
      if (attempt < MAX_PROCESSING_ATTEMPTS) continue;
      const message = `The record failed ${attempt} times: ${error instanceof Error ? error.message : String(error)}`;
      const reason: DeadLetterReason = { code: 'processing_failed', message };
      const deadLetter: Reading = { record: reading.record, content: { kind: 'dead_letter', reason } };
      await admitReadings({ readings: [deadLetter], highWatermark }, needs, attempt);
      return;
    }
  }
}

function isForTheCaller(error: unknown): boolean {
  return error instanceof RetriableError || error instanceof FatalError;
}

/** Decoded records of one partition, and the offset behind its last record at the time they were read. */
type ReadBatch = { readings: readonly Reading[]; highWatermark: bigint };

async function admitReadings(batch: ReadBatch, needs: ReceiveDependencies, attempts = 1): Promise<void> {
  const first = batch.readings[0];
  if (first === undefined) return;
  const report = await needs.ledger.inTransaction(first.record.topic, first.record.partition, (transaction) =>
    admitInTransaction(batch, transaction, needs, attempts),
  );
  needs.report(report);
  // First: a node hears its abort no later for what else there is to tell.
  if (report.cancelled.some(({ askedCount }) => askedCount > 0)) needs.hints.stopsRequested();
  if (report.admittedCount + report.readyCount > 0) needs.hints.runsReady();
  const hasEnded = report.cancelled.some(({ endedCount }) => endedCount > 0);
  if (hasEnded || report.admittedCount + report.rejectedCount > 0) needs.hints.eventsStored();
}

async function admitInTransaction(
  batch: ReadBatch,
  transaction: AdmissionTransaction,
  needs: ReceiveDependencies,
  attempts: number,
): Promise<AdmissionReport> {
  const fresh = await unseen(batch, transaction.position, needs);
  const requests = fresh.flatMap(({ content }) => (content.kind === 'dead_letter' ? [] : [content]));
  const { plan, strayThreads } = await planRequests(requests, transaction, needs.assistants);
  const written: WrittenPlan = await transaction.write(plan);
  const unknownRuns = new Map(plan.unknownRuns.map(({ coordinates, message }) => [coordinates.offset, message]));
  const deadLetters = fresh.flatMap(({ record, content }) => {
    const unknown = unknownRuns.get(record.offset);
    if (content.kind === 'dead_letter') return [{ record, reason: content.reason }];
    return unknown === undefined ? [] : [{ record, reason: { code: 'unknown_run' as const, message: unknown } }];
  });
  const last = fresh.at(-1);
  if (last !== undefined) {
    await transaction.movePosition({ offset: last.record.offset, timestampMs: last.record.timestampMs });
  }
  // Last before the commit: a failure up to here leaves no dead letter that would come again with every retry.
  if (deadLetters.length > 0) {
    await needs.deadLetters.publish(
      deadLetters.map(({ record, reason }) => needs.deadLetterRecord(record, reason, attempts)),
    );
  }
  const rejectedCount = plan.runs.filter((run) => run.status === 'rejected').length;
  return {
    admittedCount: plan.runs.length - rejectedCount,
    rejectedCount,
    repeatCount: plan.repeatCount,
    ...written,
    skippedCount: batch.readings.length - fresh.length,
    deadLetters: deadLetters.map(({ reason }) => reason),
    strayThreads,
  };
}

async function planRequests(
  requests: readonly (RunRequest | CancelRequest)[],
  transaction: AdmissionTransaction,
  assistants: AssistantDirectory,
): Promise<{ plan: AdmissionPlan; strayThreads: string[] }> {
  const [first] = requests;
  if (first === undefined) return { plan: planAdmission([], [], [], assistants), strayThreads: [] };
  const lanes = await transaction.lockLanes(requests.map(threadOf), cancellingOf(requests));
  const known = await transaction.knownRuns(requests.flatMap(runIdsOf));
  const stored = await storedAssistants(requests, transaction, assistants);
  const plan = planAdmission(requests, known, lanes, withStored(assistants, stored));
  const { partition } = first.coordinates;
  // A stateless run is named without a key, so a cancel of it may lie anywhere.
  const named = new Set(requests.map(({ request }) => request.thread_id));
  const strayThreads = lanes
    .filter((lane) => lane.exists && lane.firstPartition !== partition && named.has(lane.threadId))
    .map((lane) => lane.threadId);
  return { plan, strayThreads };
}

/** Read in the transaction, once for the batch, and not at all where every request names a graph. */
async function storedAssistants(
  requests: readonly (RunRequest | CancelRequest)[],
  transaction: AdmissionTransaction,
  assistants: AssistantDirectory,
): Promise<StoredAssistant[]> {
  const names = requests.flatMap((request) => (request.kind === 'create' ? [request.request.assistant_id] : []));
  const ids = storedIdsAmong(names, assistants);
  return ids.length === 0 ? [] : transaction.assistants(ids);
}

function threadOf(request: RunRequest | CancelRequest): string {
  return request.kind === 'create' ? request.threadId : threadOfCancel(request.request);
}

function runIdsOf(request: RunRequest | CancelRequest): string[] {
  if (request.kind === 'create') return [request.runId, request.recordId];
  return request.request.run_id === null ? [] : [request.request.run_id];
}

function cancellingOf(requests: readonly (RunRequest | CancelRequest)[]): Cancelling {
  const ends = requests.filter(
    (request) =>
      request.kind === 'cancel' ||
      request.request.multitask_strategy === 'interrupt' ||
      request.request.multitask_strategy === 'rollback',
  );
  return {
    threadIds: ends.map(threadOf),
    singleCount: requests.filter((request) => request.kind === 'cancel' && request.request.run_id !== null).length,
  };
}

/** The records after the position. Thrown: FatalError when the position is of another topic with the same name. */
async function unseen(
  { readings, highWatermark }: ReadBatch,
  position: AdmissionTransaction['position'],
  { endOffset }: ReceiveDependencies,
): Promise<readonly Reading[]> {
  const first = readings[0]?.record;
  if (first === undefined) return [];
  const seen = readings.find(({ record }) => record.offset === position.offset);
  const isAnotherRecord = seen !== undefined && seen.record.timestampMs !== position.timestampMs;
  // Behind the end of a recreated topic its new records would be skipped (I1). A member that has lost the partition may
  // only know an older end than its successor has reached, so the broker is asked again.
  const isBehindEnd =
    position.offset >= highWatermark && position.offset >= (await endOffset(first.topic, first.partition));
  if (isAnotherRecord || isBehindEnd) throw new FatalError(recreatedTopicMessage(first, position.offset));
  return readings.filter(({ record }) => record.offset > position.offset);
}

/** Says what to do about a position that does not belong to the topic's present life (design 2.6). */
export function recreatedTopicMessage(at: { topic: string; partition: number }, position: bigint): string {
  return (
    `The ledger has read ${at.topic}/${at.partition} up to offset ${position}, but that is not the record which stands there ` +
    `now: the topic was deleted and created again, or KAFKA_BROKERS names another cluster. If it was recreated on purpose, ` +
    `stop all run-consumers, run: delete from runlane.consumer_positions where topic = '${at.topic}'; and delete the ` +
    `offsets of their consumer group (kafka-consumer-groups.sh --delete --group …), which belong to the old topic too; ` +
    `then start them again. Otherwise point KAFKA_BROKERS or DATABASE_URL back.`
  );
}
