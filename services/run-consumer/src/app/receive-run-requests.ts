/**
 * Purpose   Admission: turns a batch of records of one partition into runs of the ledger, in one transaction.
 * Order     decode → lock position → skip what was seen → lock threads → verdicts → write, dead letters too → commit.
 *           The caller commits the Kafka offset after that.
 * I1        A dead letter is stored in the transaction that moves the position past it, and leaves through the outbox.
 *           Nothing is sent while the transaction holds its locks, so a slow broker delays no other work on the threads.
 * I2        Records are taken in offset order under the locks of their threads.
 * I10       A batch that fails because of its content is taken record by record, and a record that fails alone becomes a
 *           dead letter.
 * I11       When a dependency is away, the call rejects with RetryableError: nothing is written, and the batch is delivered again.
 */
import type { DeadLetterReason } from '@runlane/contracts';
import type { InRecord, OutRecord, PartitionBatch, TopicPartition } from '@runlane/kafka';
import { lostBefore, receiveBatch, unseenRecords } from '@runlane/log-ledger';
import type { Batch, PositionOwner, Stoppages } from '@runlane/log-ledger';
import type { Logger } from '@runlane/service-kit';
import { planAdmission } from '../domain/admission-batch.ts';
import type { AdmissionPlan, RejectedRun } from '../domain/admission-plan.ts';
import { resolveAssistant, storedIdsAmong, withGraphs, withStored } from '../domain/assistant-directory.ts';
import type { AssistantDirectory } from '../domain/assistant-directory.ts';
import { threadOfCancel } from '../domain/cancel.ts';
import { ENDED_AT_ONCE } from '../domain/lane-mark.ts';
import type { CancelRequest, RunRequest } from '../domain/run-request.ts';
import type { AdmissionLedger, AdmissionTransaction, CancelledRuns, Cancelling, Hints, WrittenPlan } from './ports.ts';

/** A record after decoding. */
export type Reading = { record: InRecord; content: RunRequest | CancelRequest | DeadLetter };

export type DeadLetter = { kind: 'dead_letter'; reason: DeadLetterReason };

/** What was done with a batch, for logs and metrics. */
export type AdmissionReport = {
  at: TopicPartition;
  admittedCount: number;
  rejected: RejectedRun[];
  repeatCount: number;
  /** Runs that the batch superseded or cancelled. */
  cancelled: CancelledRuns[];
  /** Runs that became ready because others were cancelled. */
  readyCount: number;
  /** Lanes with more runs than one transaction ends: the rest of their runs ends later. */
  markedLaneCount: number;
  skippedCount: number;
  /** Records that the topic has lost, by its retention, between the position and the batch. */
  lostCount: number;
  deadLetters: DeadLetterReason[];
  /** Threads whose records arrive on another partition than before, because some producer uses another partitioner. */
  strayThreads: string[];
};

export type ReceiveDependencies = {
  /** Thrown: RetryableError while the schema registry is away. Everything else is a dead letter. */
  read: (record: InRecord) => Promise<Reading>;
  ledger: AdmissionLedger;
  /** The offset behind the last record of the partition, as the broker has it now. */
  endOffset: (topic: string, partition: number) => Promise<bigint>;
  deadLetterRecord: (record: InRecord, reason: DeadLetterReason, attempts: number) => OutRecord;
  /** The assistants of this deployment's graphs, which need no look into the database. */
  assistants: AssistantDirectory;
  hints: Hints;
  report: (report: AdmissionReport) => void;
  /** How many waiting runs of a lane are ended with the request that ends them all; ENDED_AT_ONCE by default. */
  endedAtOnce?: number;
  /** Called when everything through this record is committed. */
  taken?: (last: InRecord) => void;
  /** Records that failed, and partitions that have stopped. */
  stoppages: Stoppages;
  logger: Logger;
};

/** Where the position of admission is kept. */
export const positionOwner: PositionOwner = { services: 'run-consumers', table: 'runlane.consumer_positions' };

/**
 * Admits consecutive records of one partition.
 *
 * Thrown: RetryableError when a dependency is away; FatalError when the stored position does not belong to this topic.
 */
export function receiveRunRequests(
  batch: Pick<PartitionBatch, 'records' | 'highWatermark' | 'lowWatermark'>,
  needs: ReceiveDependencies,
): Promise<void> {
  return receiveBatch<Reading>(batch, {
    read: needs.read,
    take: (readings, attempts) => admitReadings(readings, needs, attempts),
    giveUp: ({ record }, message) => {
      const reason: DeadLetterReason = { code: 'processing_failed', message };
      return { record, content: { kind: 'dead_letter', reason } };
    },
    ...(needs.taken === undefined ? {} : { taken: needs.taken }),
    stoppages: needs.stoppages,
    name: 'admission',
    logger: needs.logger,
  });
}

async function admitReadings(batch: Batch<Reading>, needs: ReceiveDependencies, attempts: number): Promise<void> {
  const first = batch.readings[0];
  if (first === undefined) return;
  const { topic, partition } = first.record;
  const admitted = await needs.ledger.inTransaction(topic, partition, (transaction) =>
    admitInTransaction(batch, transaction, needs, attempts),
  );
  const report = { at: { topic, partition }, ...admitted };
  needs.report(report);
  // This comes first, so that nothing else delays the abort of a node.
  if (report.cancelled.some(({ askedCount }) => askedCount > 0)) needs.hints.stopsRequested();
  if (report.markedLaneCount > 0) needs.hints.lanesMarked();
  if (report.admittedCount + report.readyCount > 0) needs.hints.runsReady();
  const hasEnded = report.cancelled.some(({ endedCount }) => endedCount > 0);
  if (hasEnded || report.admittedCount + report.rejected.length > 0) needs.hints.eventsStored();
  if (report.deadLetters.length > 0) needs.hints.deadLettersStored();
}

async function admitInTransaction(
  batch: Batch<Reading>,
  transaction: AdmissionTransaction,
  needs: ReceiveDependencies,
  attempts: number,
): Promise<Omit<AdmissionReport, 'at'>> {
  const fresh = await unseenRecords(batch, transaction.position, needs.endOffset, positionOwner);
  const requests = fresh.flatMap(({ content }) => (content.kind === 'dead_letter' ? [] : [content]));
  const { plan, strayThreads } = await planRequests(requests, transaction, needs);
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
  if (deadLetters.length > 0) {
    await transaction.keepDeadLetters(
      deadLetters.map(({ record, reason }) => needs.deadLetterRecord(record, reason, attempts)),
    );
  }
  const rejected = plan.runs.filter((run) => run.status === 'rejected');
  return {
    admittedCount: plan.runs.length - rejected.length,
    rejected,
    repeatCount: plan.repeatCount,
    ...written,
    skippedCount: batch.readings.length - fresh.length,
    lostCount: lostBefore(fresh, batch, transaction.position.offset),
    deadLetters: deadLetters.map(({ reason }) => reason),
    strayThreads,
  };
}

async function planRequests(
  requests: readonly (RunRequest | CancelRequest)[],
  transaction: AdmissionTransaction,
  { assistants, endedAtOnce = ENDED_AT_ONCE }: Pick<ReceiveDependencies, 'assistants' | 'endedAtOnce'>,
): Promise<{ plan: AdmissionPlan; strayThreads: string[] }> {
  const [first] = requests;
  if (first === undefined) return { plan: planAdmission([], [], [], assistants), strayThreads: [] };
  const lanes = await transaction.lockLanes(requests.map(threadOf), cancellingOf(requests, endedAtOnce));
  const known = await transaction.knownRuns(requests.flatMap(runIdsOf));
  const directory = await directoryFor(requests, transaction, assistants);
  const plan = planAdmission(requests, known, lanes, directory, endedAtOnce);
  const { partition } = first.coordinates;
  // A cancel of a stateless run has no key, so it may be on any partition.
  const named = new Set(requests.map(({ request }) => request.thread_id));
  const strayThreads = lanes
    .filter((lane) => lane.exists && lane.firstPartition !== partition && named.has(lane.threadId))
    .map((lane) => lane.threadId);
  return { plan, strayThreads };
}

/**
 * The assistants that the requests may name. Read in the transaction, once for the batch. Nothing is read where every
 * request names a graph of this deployment, and the graphs of other deployments are read only where a name is unknown
 * without them.
 */
async function directoryFor(
  requests: readonly (RunRequest | CancelRequest)[],
  transaction: AdmissionTransaction,
  own: AssistantDirectory,
): Promise<AssistantDirectory> {
  const names = requests.flatMap((request) => (request.kind === 'create' ? [request.request.assistant_id] : []));
  const ids = storedIdsAmong(names, own);
  const stored = ids.length === 0 ? [] : await transaction.assistants(ids);
  const directory = withStored(own, stored);
  if (names.every((name) => resolveAssistant(name, directory).kind === 'found')) return directory;
  return withStored(withGraphs(own, await transaction.servedGraphs()), stored);
}

function threadOf(request: RunRequest | CancelRequest): string {
  return request.kind === 'create' ? request.threadId : threadOfCancel(request.request);
}

function runIdsOf(request: RunRequest | CancelRequest): string[] {
  if (request.kind === 'create') return [request.runId, request.recordId];
  return request.request.run_id === null ? [] : [request.request.run_id];
}

function cancellingOf(requests: readonly (RunRequest | CancelRequest)[], endedAtOnce: number): Cancelling {
  const cancels = requests.filter((request) => request.kind === 'cancel');
  const superseding = requests.filter(
    (request) =>
      request.kind === 'create' &&
      (request.request.multitask_strategy === 'interrupt' || request.request.multitask_strategy === 'rollback'),
  );
  const cancelledThreadIds = cancels.filter(({ request }) => request.run_id === null).map(threadOf);
  return {
    threadIds: [...cancels, ...superseding].map(threadOf),
    singleCount: cancels.length - cancelledThreadIds.length,
    wholeLanes: { threadIds: [...cancelledThreadIds, ...superseding.map(threadOf)], cancelledThreadIds, endedAtOnce },
  };
}
