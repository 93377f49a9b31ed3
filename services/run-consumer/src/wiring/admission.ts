import type { RejectedReason } from '@runlane/contracts';
import { deadLetterRecord } from '@runlane/kafka';
import type { RecordConsumer, TopicPartition } from '@runlane/kafka';
import { KnownPositions, endOffset, resumeFromLedger, watchLagUntil, watchPositionsUntil } from '@runlane/log-ledger';
import type { Stoppages } from '@runlane/log-ledger';
import { logFields, runFields } from '@runlane/service-kit';
import type { Scope } from '@runlane/service-kit';
import { readRecord } from '../adapters/kafka/read-record.ts';
import { createAdmissionSpans } from '../adapters/tracing/admission-spans.ts';
import { createAdmissionLedger, placesIn, positionsIn } from '../adapters/postgres/admission-ledger.ts';
import { closeClaims } from '../adapters/postgres/close-claims.ts';
import { createThreadCheckpoints } from '../adapters/postgres/thread-checkpoints.ts';
import { receiveRunRequests, positionOwner } from '../app/receive-run-requests.ts';
import type { AdmissionReport, ReceiveDependencies } from '../app/receive-run-requests.ts';
import type { RejectedRun } from '../domain/admission-plan.ts';
import { assistantDirectory } from '../domain/assistant-directory.ts';
import { serviceVersion } from '../version.ts';
import type { Foundation } from './foundation.ts';

/** How late a ledger that was put back is noticed while no records arrive, in milliseconds. */
const WATCH_POSITIONS_MS = 5_000;

/** Joins the consumer group and admits what it reads. */
export async function startAdmission(
  scope: Scope,
  foundation: Foundation,
  graphIds: readonly string[],
  stoppages: Stoppages,
): Promise<RecordConsumer> {
  const { kafka, database, codec, config, topics, group, hints, metrics, judgeWebhook, logger, tracing } = foundation;
  const spans = tracing === null ? null : createAdmissionSpans(tracing, { topic: topics.requests, group });
  // Logged here. Before the next record is read, the forgotten records are read again and admitted.
  let hasGoneBack = false;
  const known = new KnownPositions((reason) => {
    hasGoneBack = true;
    logger.error({ err: reason }, 'ledger.went_back');
    consumer.rejoin(reason);
  });
  const checkpoints = createThreadCheckpoints(config.RUNLANE_CHECKPOINT_SCHEMA);
  const needs: Omit<ReceiveDependencies, 'ledger'> = {
    read: async (record) => {
      const reading = await readRecord(record, {
        codec,
        maxRequestBytes: config.RUNLANE_MAX_REQUEST_BYTES,
        judgeWebhook,
      });
      return spans === null ? reading : spans.opened(reading);
    },
    endOffset: (topic, partition) => endOffset(kafka, topic, partition),
    deadLetterRecord: (record, { code, message }, attempts) =>
      deadLetterRecord(record, topics.deadLetters, {
        code,
        message,
        group,
        attempts,
        firstFailedAt: new Date(),
        serviceVersion,
      }),
    assistants: assistantDirectory(graphIds),
    hints,
    report: createReporter(foundation),
    taken: (last) => known.note(last, last.offset),
    stoppages,
    logger,
  };
  const consumer = kafka.consumer({
    group,
    topics: [topics.requests],
    tuning: sessionWithin(config.RUNLANE_LEASE_SECONDS * 1_000),
    handle: async (batch) => {
      const ledger = createAdmissionLedger(database, group, checkpoints, known.forBatch());
      await receiveRunRequests(batch, { ...needs, ledger });
      spans?.admitted(batch);
      const [first] = batch.records;
      if (first !== undefined) metrics.admissionDelay.observe(Math.max(0, Date.now() - first.timestampMs) / 1_000);
      const last = batch.records.at(-1);
      if (last === undefined) return null;
      return { commitThrough: last.offset };
    },
    onAssigned: async (assignment, seek) => {
      await resumeFromLedger(assignment, seek, {
        kafka,
        group,
        topic: topics.requests,
        places: placesIn(database, group, topics.requests),
        known,
        owner: positionOwner,
        onAhead: (at, offset, isEmpty) => {
          // With other producers a partition may be ahead by the marks of transactions, which are no records.
          if (isEmpty) hasGoneBack = true;
          logger.warn({ ...at, offset: String(offset) }, 'admission.offset_ahead_of_ledger');
        },
        onLost: (at, count) => reportLost(foundation, at, count),
      });
      if (!hasGoneBack) return;
      await closeClaims(database, config.RUNLANE_LEASE_SECONDS * 1_000);
      hasGoneBack = false;
    },
  });
  metrics.rebalances(() => consumer.health().rebalanceCount);
  await consumer.start();
  const watch = new AbortController();
  scope.defer('watch over positions', () => watch.abort());
  void watchPositionsUntil(watch.signal, {
    known,
    topic: topics.requests,
    read: () => positionsIn(database, group, topics.requests),
    everyMs: WATCH_POSITIONS_MS,
    logger,
  });
  void watchLagUntil(watch.signal, {
    kafka,
    topic: topics.requests,
    partitions: () => consumer.health().partitions,
    read: () => positionsIn(database, group, topics.requests),
    onLag: (lag) => metrics.setLag(lag),
    logger,
  });
  logger.info({ topic: topics.requests, group }, 'admission.started');
  return consumer;
}

/** The most that a broker allows by default; a member of a busy group may be silent for as long. */
const SHORTEST_SESSION_MS = 6_000;
const LONGEST_SESSION_MS = 10_000;

/**
 * A session no longer than the lease, where the broker allows it: when a process dies, its partitions are read again no
 * later than its runs continue, so that a cancel of one of them arrives.
 */
function sessionWithin(leaseMs: number): { sessionTimeoutMs: number; heartbeatIntervalMs: number } {
  const sessionTimeoutMs = Math.min(Math.max(leaseMs, SHORTEST_SESSION_MS), LONGEST_SESSION_MS);
  return { sessionTimeoutMs, heartbeatIntervalMs: sessionTimeoutMs / 3 };
}

function reportLost({ metrics, logger }: Foundation, at: TopicPartition, count: number): void {
  metrics.lostToRetention.inc(count);
  logger.error({ ...at, records: count }, 'admission.records_lost_to_retention');
}

function createReporter(foundation: Foundation): (report: AdmissionReport) => void {
  const { metrics, logger } = foundation;
  let hasWarnedOfStrays = false;
  return (report) => {
    metrics.records.inc({ verdict: 'admitted' }, report.admittedCount);
    metrics.records.inc({ verdict: 'rejected' }, report.rejected.length);
    for (const run of report.rejected) reportRejected(run, { metrics, logger });
    metrics.records.inc({ verdict: 'repeat' }, report.repeatCount + report.skippedCount);
    if (report.lostCount > 0) reportLost(foundation, report.at, report.lostCount);
    metrics.records.inc({ verdict: 'dead_letter' }, report.deadLetters.length);
    for (const { code } of report.deadLetters) metrics.deadLetters.inc({ code });
    for (const { action, reason, endedCount, askedCount } of report.cancelled) {
      metrics.cancelled.inc({ reason, action }, endedCount + askedCount);
    }
    metrics.strayThreads.inc(report.strayThreads.length);
    if (report.strayThreads.length > 0 && !hasWarnedOfStrays) {
      hasWarnedOfStrays = true;
      logger.warn(
        { thread_id: report.strayThreads[0] },
        'thread.stray: it arrives on a second partition, so its requests have no common order; a producer does not use ' +
          'murmur2 (librdkafka: partitioner=murmur2_random). Logged once; see runlane_stray_thread_records_total.',
      );
    }
    const { admittedCount, repeatCount, skippedCount, cancelled } = report;
    const rejectedCount = report.rejected.length;
    // By code, because a batch may hold hundreds of them.
    const byCode = Map.groupBy(report.deadLetters, ({ code }) => code);
    const deadLetters = Object.fromEntries([...byCode].map(([code, letters]) => [code, letters.length]));
    const level = byCode.size > 0 ? 'warn' : 'debug';
    logger[level](
      logFields({ admittedCount, rejectedCount, repeatCount, skippedCount, cancelled, deadLetters }),
      'batch.admitted',
    );
  };
}

/** Rejections that a request asked for; every other rejection is a mistake of its producer or of this deployment. */
const ASKED_FOR: ReadonlySet<RejectedReason> = new Set(['thread_not_found', 'thread_status', 'thread_busy']);

function reportRejected(run: RejectedRun, { metrics, logger }: Pick<Foundation, 'metrics' | 'logger'>): void {
  const { assistantId, reason, message } = run;
  metrics.rejected.inc({ reason });
  const line = { ...runFields(run), assistant_id: assistantId, reason, error: { error: reason, message } };
  logger[ASKED_FOR.has(reason) ? 'info' : 'error'](line, 'run.rejected');
}
