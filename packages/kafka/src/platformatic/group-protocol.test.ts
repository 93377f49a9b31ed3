import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import {
  ASSIGNER,
  assignRoundRobin,
  decodeAssignment,
  encodeAssignment,
  encodeSubscription,
} from './group-protocol.ts';

const { AssignerProtocol, PartitionAssigners } = kafkajs;
const { MemberAssignment, MemberMetadata } = AssignerProtocol;

// While a deployment changes from one client to the other, its members share a group, and either may lead it.
const cluster = {
  findTopicPartitionMetadata: (topic: string) =>
    Array.from({ length: topic === 'a' ? 5 : 2 }, (_, partitionId) => ({ partitionId })),
};
const theirs = PartitionAssigners.roundRobin({ cluster } as never);

test('a member is understood by kafkajs, and understands it', () => {
  const { name, metadata } = theirs.protocol({ topics: ['a', 'bb'] });
  expect(name).toBe(ASSIGNER);
  expect(encodeSubscription(['a', 'bb'])).toEqual(metadata);

  const assignment = { a: [0, 2], bb: [1] };
  expect(decodeAssignment(MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }))).toEqual(
    assignment,
  );
  const partitions = [
    { topic: 'a', partition: 0 },
    { topic: 'bb', partition: 1 },
    { topic: 'a', partition: 2 },
  ];
  expect(MemberAssignment.decode(encodeAssignment(partitions))?.assignment).toEqual(assignment);
  expect(MemberMetadata.decode(encodeSubscription(['a']))?.topics).toEqual(['a']);
});

test('a leader shares the partitions out as kafkajs does', async () => {
  const ids = ['m3', 'm1', 'm2'];
  const members = ids.map((memberId) => ({ memberId, memberMetadata: Buffer.alloc(0) }));
  const expected = await theirs.assign({ members, topics: ['a', 'bb'] });
  const ours = assignRoundRobin(
    ids,
    new Map([
      ['a', 5],
      ['bb', 2],
    ]),
  );
  expect(ours.size).toBe(3);
  for (const { memberId, memberAssignment } of expected) {
    expect(encodeAssignment(ours.get(memberId) ?? [])).toEqual(memberAssignment);
  }
});

test('a member that gets nothing may get no bytes', () => {
  expect(decodeAssignment(Buffer.alloc(0))).toEqual({});
  expect(decodeAssignment(encodeAssignment([]))).toEqual({});
});
