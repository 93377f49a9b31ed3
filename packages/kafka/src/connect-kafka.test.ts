import { silentLogger } from '@runlane/service-kit/testing';
import { expect, test } from 'vitest';
import { connectKafka } from './connect-kafka.ts';

test('a library of another name is refused with the names that there are', () => {
  const client = JSON.parse('"librdkafka"');
  expect(() => connectKafka({ brokers: ['127.0.0.1:1'], clientId: 't', logger: silentLogger, client })).toThrow(
    'the Kafka client is librdkafka; it must be kafkajs or platformatic',
  );
});
