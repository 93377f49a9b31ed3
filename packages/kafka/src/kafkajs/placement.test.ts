import { RetryableError } from '@runlane/service-kit/errors';
import { expect, test } from 'vitest';
import { LeaderlessPartition, createPlacement } from './placement.ts';

const partitionMetadata = [0, 1].map((partitionId) => ({
  partitionId,
  partitionErrorCode: 0,
  leader: 1,
  replicas: [1],
  isr: [1],
}));
const records = [0, 1].map((partition) => ({ topic: 't', key: null, value: null, headers: {}, partition }));
const messages = records.map(({ partition }) => ({ key: null, value: null, partition }));
const answer = (partition: number, errorCode = 0) => ({ topicName: 't', partition, errorCode, baseOffset: '7' });

function placed(leavesOut = false) {
  const placement = createPlacement();
  placement.begin(leavesOut);
  for (const message of messages) placement.partitioner({ topic: 't', partitionMetadata, message });
  return placement;
}

test('a record does not count as written before a broker has answered for its partition', () => {
  const placement = placed();
  expect(placement.placesOf(records, messages, [answer(0), answer(1)]).map(({ offset }) => offset)).toEqual([7n, 7n]);
  expect(() => placement.placesOf(records, messages, [answer(0)])).toThrow(RetryableError);
});

test('what comes later of a partition that did not take a record is left out, and what has no key goes elsewhere', () => {
  const placement = placed(true);
  const places = placement.placesOf(records, messages, [answer(0, 19), answer(1)]);
  expect(places.map(({ offset }) => offset)).toEqual([null, 7n]);
  const later = { topic: 't', partitionMetadata, message: { value: null, partition: 0 } };
  expect(() => placement.partitioner(later)).toThrow(LeaderlessPartition);
  const anywhere = { topic: 't', partitionMetadata, message: { key: null, value: null } };
  expect(new Set(Array.from({ length: 4 }, () => placement.partitioner(anywhere)))).toEqual(new Set([1]));
});
