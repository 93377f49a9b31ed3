import kafkajs, { type Message } from 'kafkajs';
import type { OutRecord } from '../port.ts';
import { LeaderlessRecords, type Item, type Sender } from '../publishing/sender.ts';
import type { ClientFactory } from './client.ts';
import { LeaderlessPartition, createPlacement, type Placement } from './placement.ts';

const { CompressionTypes } = kafkajs;

/** A kafkajs producer that sends one batch at a time (K10, K11). */
export function openSender(
  factory: ClientFactory,
  { idempotent, ackTimeoutMs }: { idempotent: boolean; ackTimeoutMs: number },
): Sender {
  const { kafka, gate } = factory.create();
  const placement = createPlacement();
  const producer = kafka.producer({
    createPartitioner: () => placement.partitioner,
    allowAutoTopicCreation: false,
    idempotent,
    maxInFlightRequests: 1,
    metadataMaxAge: factory.tuning.metadataMaxAgeMs,
    retry: factory.retry,
  });
  return {
    connected: producer.connect(),
    begin: (leavesOut) => placement.begin(leavesOut),
    send: async (items) => {
      const records = items.map(({ record }) => record);
      const messages = items.map(toMessage);
      try {
        const answers = await producer.sendBatch({
          acks: -1,
          timeout: ackTimeoutMs,
          compression: CompressionTypes.None,
          topicMessages: groupByTopic(records, messages),
        });
        return placement.placesOf(records, messages, answers);
      } catch (error) {
        const leaderless = hasLeaderlessPartition(error) ? leaderlessOf(records, messages, placement) : [];
        if (leaderless.length > 0) throw new LeaderlessRecords(leaderless);
        throw error;
      }
    },
    disconnect: () => producer.disconnect(),
    cut: () => gate.close(),
  };
}

function toMessage({ record, partition = record.partition }: Item): Message {
  const { key, value, headers } = record;
  return { key, value, headers, ...(partition === undefined ? {} : { partition }) };
}

function groupByTopic(
  records: readonly OutRecord[],
  messages: readonly Message[],
): { topic: string; messages: Message[] }[] {
  const groups = Map.groupBy(messages, (_message, index) => records[index]?.topic ?? '');
  return [...groups].map(([topic, ofTopic]) => ({ topic, messages: ofTopic }));
}

function hasLeaderlessPartition(error: unknown): boolean {
  return error instanceof LeaderlessPartition || (error instanceof Error && error.cause instanceof LeaderlessPartition);
}

/** None of them was sent: kafkajs places all messages of a request before it sends any. */
function leaderlessOf(records: readonly OutRecord[], messages: readonly Message[], placement: Placement): OutRecord[] {
  const found = new Set<Message | undefined>();
  for (const { topic, messages: ofTopic } of groupByTopic(records, messages)) {
    for (const message of placement.leaderless(topic, ofTopic)) found.add(message);
  }
  return records.filter((_record, index) => found.has(messages[index]));
}
