import { eventHeaders } from '@runlane/contracts';
import type { ValueCodec } from '@runlane/kafka';
import type { EventEncoder } from '../../app/ports.ts';
import { fittingJson } from '../../domain/status-event.ts';

/** `ce_source` of every event: who published it. */
const EVENT_SOURCE = '/runlane/run-consumer';

/** Most bytes of an event's JSON: the topic takes records of 8 MiB, headers and framing included. */
const MAX_EVENT_BYTES = 8 * 1024 * 1024 - 64 * 1024;

/** Encodes status events for the status topic: CloudEvents binary mode, keyed by thread. */
export function createEventEncoder(codec: Pick<ValueCodec, 'frame'>, statusTopic: string): EventEncoder {
  return async (event, traceparent) => {
    const json = fittingJson(event, MAX_EVENT_BYTES);
    return {
      topic: statusTopic,
      key: event.thread_id,
      value: await codec.frame(statusTopic, 'RunStatusEvent', json),
      headers: eventHeaders(event, EVENT_SOURCE, traceparent),
    };
  };
}
