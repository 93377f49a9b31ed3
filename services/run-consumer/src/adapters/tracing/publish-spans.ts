/**
 * Purpose   A span for each event that is published, under the admission of its run: readers of the event continue from its
 *           `traceparent`.
 */
import type { RecordProducer, OutRecord } from '@runlane/kafka';
import { ATTRIBUTE, RUNLANE } from '@runlane/service-kit';
import type { TraceSpan, Tracing } from '@runlane/service-kit';
import type { EventEncoder } from '../../app/ports.ts';

/** An encoder and a publisher with tracing. An event that is encoded again, smaller, gets another span. */
export function tracedPublishing(
  tracing: Tracing,
  { encode, publisher }: { encode: EventEncoder; publisher: RecordProducer },
): { encode: EventEncoder; publisher: RecordProducer } {
  const open = new WeakMap<OutRecord, TraceSpan>();
  return {
    encode: async (event, traceparent) => {
      if (traceparent === null) return encode(event, null);
      const span = tracing.start(`publish ${event.type}`, {
        kind: 'producer',
        parent: traceparent,
        attributes: {
          [ATTRIBUTE.messagingSystem]: 'kafka',
          [ATTRIBUTE.messagingOperation]: 'publish',
          [ATTRIBUTE.messagingOperationType]: 'send',
          [ATTRIBUTE.messagingMessageId]: event.event_id,
          [RUNLANE.runId]: event.run_id,
          [RUNLANE.threadId]: event.thread_id,
          [RUNLANE.eventType]: event.type,
        },
      });
      const record = await encode(event, span.traceparent);
      span.set({ [ATTRIBUTE.messagingDestination]: record.topic });
      open.set(record, span);
      return record;
    },
    publisher: {
      publish: (batch, options) =>
        publisher.publish(batch, {
          ...options,
          onWritten: (record, at) => {
            const span = open.get(record);
            span?.set({
              [ATTRIBUTE.messagingPartition]: String(at.partition),
              [ATTRIBUTE.kafkaOffset]: Number(at.offset),
            });
            span?.end();
            options?.onWritten?.(record, at);
          },
        }),
      close: () => publisher.close(),
    },
  };
}
