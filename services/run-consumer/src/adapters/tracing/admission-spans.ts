/**
 * Purpose   A span for each request that is admitted, under the trace of its producer. Everything later in the run is a
 *           child of this span: its `traceparent` is stored with the run, and its events carry it.
 * Ends      A span is ended with its batch. A repeated batch makes new spans, and its earlier ones are never sent.
 */
import { ATTRIBUTE, RUNLANE } from '@runlane/service-kit';
import type { TraceSpan, Tracing } from '@runlane/service-kit';
import type { PartitionBatch } from '@runlane/kafka';
import type { Reading } from '../../app/receive-run-requests.ts';

export type AdmissionSpans = {
  /** Opens the span of a request, and puts it into its place as the run's trace. */
  opened: (reading: Reading) => Reading;
  /** The batch is in the ledger. */
  admitted: (batch: Pick<PartitionBatch, 'records'>) => void;
};

/** @param about names of the topic and of the consumer group */
export function createAdmissionSpans(tracing: Tracing, about: { topic: string; group: string }): AdmissionSpans {
  const open = new Map<string, TraceSpan>();
  const keyOf = ({ partition, offset }: { partition: number; offset: bigint }) => `${partition}/${offset}`;
  return {
    opened(reading) {
      const { content } = reading;
      if (content.kind !== 'create') return reading;
      const { coordinates, runId, threadId } = content;
      const span = tracing.start(`process ${about.topic}`, {
        kind: 'consumer',
        parent: content.traceparent,
        attributes: {
          [ATTRIBUTE.messagingSystem]: 'kafka',
          [ATTRIBUTE.messagingDestination]: about.topic,
          [ATTRIBUTE.messagingPartition]: String(coordinates.partition),
          [ATTRIBUTE.kafkaOffset]: Number(coordinates.offset),
          [ATTRIBUTE.consumerGroup]: about.group,
          [ATTRIBUTE.messagingOperation]: 'process',
          [ATTRIBUTE.messagingOperationType]: 'process',
          [RUNLANE.runId]: runId,
          [RUNLANE.threadId]: threadId,
        },
      });
      open.set(keyOf(coordinates), span);
      return { ...reading, content: { ...content, traceparent: span.traceparent } };
    },
    admitted({ records }) {
      for (const record of records) {
        const key = keyOf(record);
        open.get(key)?.end();
        open.delete(key);
      }
    },
  };
}
