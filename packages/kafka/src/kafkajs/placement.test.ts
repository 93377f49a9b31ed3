import { RetryableError } from '@runlane/service-kit/errors';
import { expect, test } from 'vitest';
import { createPlacement } from './placement.ts';

test('a record does not count as written before a broker has answered for its partition', () => {
  const placement = createPlacement();
  const partitionMetadata = [0, 1].map((partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  const records = [0, 1].map((partition) => ({ topic: 't', key: null, value: null, headers: {}, partition }));
  const messages = records.map(({ partition }) => ({ key: null, value: null, partition }));
  for (const message of messages) placement.partitioner({ topic: 't', partitionMetadata, message });
  const answer = (partition: number) => ({ topicName: 't', partition, errorCode: 0, baseOffset: '7' });
  expect(placement.placesOf(records, messages, [answer(0), answer(1)]).map(({ at }) => at.offset)).toEqual([7n, 7n]);
  expect(() => placement.placesOf(records, messages, [answer(0)])).toThrow(RetryableError);
});
