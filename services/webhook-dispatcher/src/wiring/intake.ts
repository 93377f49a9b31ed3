import type { RecordConsumer, TopicPartition } from '@runlane/kafka';
import { KnownPositions, endOffset, resumeFromLedger, watchLagUntil, watchPositionsUntil } from '@runlane/log-ledger';
import type { Stoppages } from '@runlane/log-ledger';
import { logFields } from '@runlane/service-kit';
import type { Scope } from '@runlane/service-kit';
import { readEvent } from '../adapters/kafka/read-event.ts';
import { createIntakeLedger, placesIn, positionsIn } from '../adapters/postgres/intake-ledger.ts';
import { receiveStatusEvents, positionOwner } from '../app/intake/receive-status-events.ts';
import type { IntakeDependencies, IntakeReport } from '../app/intake/receive-status-events.ts';
import type { Foundation } from './foundation.ts';

/** How late a ledger that was put back is noticed while no records arrive, in milliseconds. */
const WATCH_POSITIONS_MS = 5_000;

/** Reads records as this deployment is configured. */
export function readsEvents({ codec, policy, config }: Foundation): IntakeDependencies['read'] {
  return (record) => readEvent(record, { codec, policy, maxBodyBytes: config.RUNLANE_WEBHOOK_MAX_BYTES });
}

/** Joins the consumer group and takes in what it reads. */
export async function startIntake(
  scope: Scope,
  foundation: Foundation,
  onStored: IntakeDependencies['onStored'],
  stoppages: Stoppages,
): Promise<RecordConsumer> {
  const { kafka, database, statusTopic, group, metrics, logger } = foundation;
  const known = new KnownPositions((reason) => {
    logger.error({ err: reason }, 'ledger.went_back');
    consumer.rejoin(reason);
  });
  const needs: Omit<IntakeDependencies, 'ledger'> = {
    read: readsEvents(foundation),
    endOffset: (topic, partition) => endOffset(kafka, topic, partition),
    onStored,
    report: (report, at) => {
      if (report.lostCount > 0) reportLost(foundation, at, report.lostCount);
      reportIntake(foundation, report);
    },
    taken: (last) => known.note(last, last.offset),
    stoppages,
    logger,
  };
  const consumer = kafka.consumer({
    group,
    topics: [statusTopic],
    handle: async (batch) => {
      const startedMs = performance.now();
      await receiveStatusEvents(batch, { ...needs, ledger: createIntakeLedger(database, group, known.forBatch()) });
      metrics.observeStage('intake', (performance.now() - startedMs) / 1_000, batch.records.length);
      const last = batch.records.at(-1);
      if (last === undefined) return null;
      return { commitThrough: last.offset };
    },
    onAssigned: async (assignment, seek) =>
      resumeFromLedger(assignment, seek, {
        kafka,
        group,
        topic: statusTopic,
        places: placesIn(database, group, statusTopic),
        known,
        owner: positionOwner,
        onAhead: (at, offset) => logger.warn({ ...at, offset: String(offset) }, 'intake.offset_ahead_of_ledger'),
        onLost: (at, count) => reportLost(foundation, at, count),
      }),
  });
  metrics.rebalances(() => consumer.health().rebalanceCount);
  await consumer.start();
  const watch = new AbortController();
  scope.defer('watch over positions', () => watch.abort());
  void watchPositionsUntil(watch.signal, {
    known,
    topic: statusTopic,
    read: () => positionsIn(database, group, statusTopic),
    everyMs: WATCH_POSITIONS_MS,
    logger,
  });
  void watchLagUntil(watch.signal, {
    kafka,
    topic: statusTopic,
    partitions: () => consumer.health().partitions,
    read: () => positionsIn(database, group, statusTopic),
    onLag: (lag) => metrics.setLag(lag),
    logger,
  });
  logger.info({ topic: statusTopic, group }, 'intake.started');
  return consumer;
}

function reportLost({ metrics, logger }: Foundation, at: TopicPartition, count: number): void {
  metrics.lostToRetention.inc(count);
  logger.error({ ...at, records: count }, 'intake.records_lost_to_retention');
}

function reportIntake({ metrics, logger }: Foundation, report: IntakeReport): void {
  const { deliveryCount, deadCount, withoutTargetCount, repeatCount, skippedCount, quarantined } = report;
  metrics.events.inc({ fate: 'due' }, deliveryCount - deadCount);
  metrics.events.inc({ fate: 'dead' }, deadCount);
  metrics.events.inc({ fate: 'without_target' }, withoutTargetCount);
  metrics.events.inc({ fate: 'repeat' }, repeatCount + skippedCount);
  metrics.events.inc({ fate: 'quarantined' }, quarantined.length);
  const level = quarantined.length > 0 || report.lostCount > 0 ? 'warn' : 'debug';
  logger[level](logFields(report), 'batch.taken_in');
}
