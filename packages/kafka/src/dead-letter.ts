import { deadLetterHeaders, type DeadLetterCode } from '@runlane/contracts';
import type { InRecord, OutRecord } from './port.ts';

/** Why and where a record became a dead letter. `attempts` counts from 1. */
export type DeadLetterInfo = {
  code: DeadLetterCode;
  message: string;
  group: string;
  attempts: number;
  firstFailedAt: Date;
  serviceVersion: string;
};

/**
 * The dead letter of a record: its key, value bytes and headers, values of a repeated header included, plus the
 * `dlq.*` text headers of design 2.1. A `dlq.*` header of the original is replaced or left out: a record redriven
 * from the dead letter topic tells of its last failure only. `topic` is the dead letter topic.
 *
 * The partition follows from the key, so dead letters of a thread stay in order.
 */
export function deadLetterRecord(record: InRecord, topic: string, info: DeadLetterInfo): OutRecord {
  const originals = [...record.headers].filter(([name]) => !name.startsWith('dlq.'));
  const origin = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    group: info.group,
    attempts: info.attempts,
    firstFailedAt: info.firstFailedAt.toISOString(),
    serviceVersion: info.serviceVersion,
  };
  const added = deadLetterHeaders(origin, { code: info.code, message: info.message });
  return {
    topic,
    key: record.key,
    value: record.value,
    headers: Object.fromEntries([...originals, ...Object.entries(added)]),
  };
}
