import { isJsonObject, isRunStatusEventType, parseRunStatusEvent } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { createValueCodec, parseJson, PoisonError } from '@runlane/kafka';
import type { InRecord, KafkaLogger } from '@runlane/kafka';

/** A status event as read, and its place. */
export type ReceivedEvent = {
  event: RunStatusEvent;
  topic: string;
  partition: number;
  offset: bigint;
  /** When the record was written, by its own timestamp: Unix time in milliseconds. */
  timestampMs: number;
  /** Size of the record's value. */
  bytes: number;
};

/** `skipped`: nothing that this version can use; `why` says what it is. */
export type EventReading = { kind: 'event'; received: ReceivedEvent } | { kind: 'skipped'; why: string };

/** Reads records of the status topic, framed or not. Types that a later Runlane has added are skipped. */
export function createEventDecoder(logger: KafkaLogger): (record: InRecord) => Promise<EventReading> {
  // Without a registry a frame is taken off unchecked: what counts is the contract, which is checked below.
  const codec = createValueCodec({ registryUrl: null, logger });
  return async (record) => {
    const { topic, partition, offset, timestampMs, value, unreadable } = record;
    if (unreadable !== undefined) return skipped(`its batch cannot be read: ${unreadable.reason}`);
    if (value === null) return skipped('it has no value');
    try {
      const json = parseJson(await codec.unframe(value));
      if (isJsonObject(json) && typeof json['type'] === 'string' && !isRunStatusEventType(json['type'])) {
        return skipped(`its type ${JSON.stringify(json['type'].slice(0, 100))} is not known to this version`);
      }
      const parsed = parseRunStatusEvent(json);
      if (parsed.kind === 'invalid') return skipped(parsed.problems.join(' '));
      const received = { event: parsed.event, topic, partition, offset, timestampMs, bytes: value.length };
      return { kind: 'event', received };
    } catch (error) {
      if (error instanceof PoisonError) return skipped(error.message);
      throw error;
    }
  };
}

function skipped(why: string): EventReading {
  return { kind: 'skipped', why };
}
