import { FatalError, RetriableError } from '@runlane/kafka';
import type { Assignment, KafkaConnection, RecordConsumer, Seek } from '@runlane/kafka';
import { readEvent } from '../adapters/kafka/read-event.ts';
import { createIntakeLedger, readPositions } from '../adapters/postgres/intake-ledger.ts';
import { receiveStatusEvents, recreatedTopicMessage } from '../app/receive-status-events.ts';
import type { IntakeDependencies, IntakeReport } from '../app/receive-status-events.ts';
import type { Foundation } from './foundation.ts';

/** Joins the consumer group and takes in what it reads. */
export async function startIntake(foundation: Foundation, onDue: () => void): Promise<RecordConsumer> {
  const { kafka, pool, codec, policy, statusTopic, group, metrics, logger } = foundation;
  const needs: IntakeDependencies = {
    read: (record) => readEvent(record, { codec, policy }),
    ledger: createIntakeLedger(pool, group),
    endOffset: (topic, partition) => endOffset(kafka, topic, partition),
    onDue,
    report: (report) => reportIntake(foundation, report),
    logger,
  };
  const consumer = kafka.consumer({
    group,
    topics: [statusTopic],
    handle: async (batch) => {
      await receiveStatusEvents(batch, needs);
      const last = batch.records.at(-1);
      return last === undefined ? null : { commitThrough: last.offset };
    },
    onAssigned: (assignment, seek) => resumeFromLedger(assignment, seek, foundation),
  });
  metrics.rebalances(() => consumer.health().rebalanceCount);
  await consumer.start();
  logger.info({ topic: statusTopic, group }, 'intake.started');
  return consumer;
}

/**
 * Reads on from the ledger's position, which is in one transaction with the deliveries, not from the group's offset: after a
 * database was restored, or offsets were moved, the offset may lie behind events that the ledger has never seen. A
 * position behind the end of its partition is of another topic, and would wait for ever (design 2.6).
 *
 * Thrown: FatalError for such a position; RetriableError while a server is away, and then the consumer calls again.
 */
async function resumeFromLedger(assignment: Assignment, seek: Seek, foundation: Foundation): Promise<void> {
  const { kafka, pool, group, statusTopic, logger } = foundation;
  const positions = await readPositions(pool, group, statusTopic);
  if (positions.size === 0) return;
  const admin = await kafka.admin();
  try {
    const ends = await admin.endOffsets(statusTopic);
    const committed = await admin.committedOffsets(group, statusTopic);
    for (const { topic, partition } of assignment.partitions) {
      const position = positions.get(partition);
      const end = ends.get(partition);
      if (position === undefined || end === undefined) continue;
      if (position >= end.high) throw new FatalError(recreatedTopicMessage({ topic, partition }, position));
      if ((committed.get(partition) ?? -1n) <= position + 1n) continue;
      const offset = position + 1n > end.low ? position + 1n : end.low;
      seek({ topic, partition }, offset);
      logger.warn({ topic, partition, offset: String(offset) }, 'intake.offset_ahead_of_ledger');
    }
  } finally {
    await admin.close();
  }
}

async function endOffset(kafka: KafkaConnection, topic: string, partition: number): Promise<bigint> {
  const admin = await kafka.admin();
  try {
    const end = (await admin.endOffsets(topic)).get(partition);
    if (end === undefined) throw new RetriableError(`The broker does not name the end of ${topic}/${partition}.`);
    return end.high;
  } finally {
    await admin.close();
  }
}

function reportIntake({ metrics, logger }: Foundation, report: IntakeReport): void {
  const { deliveryCount, deadCount, withoutTargetCount, repeatCount, skippedCount, quarantined } = report;
  metrics.events.inc({ fate: 'due' }, deliveryCount - deadCount);
  metrics.events.inc({ fate: 'dead' }, deadCount);
  metrics.events.inc({ fate: 'without_target' }, withoutTargetCount);
  metrics.events.inc({ fate: 'repeat' }, repeatCount + skippedCount);
  metrics.events.inc({ fate: 'quarantined' }, quarantined.length);
  const level = quarantined.length > 0 || report.absentCount > 0 ? 'warn' : 'debug';
  logger[level](report, 'batch.taken_in');
}
