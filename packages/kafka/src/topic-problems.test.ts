import { topicDefinitions } from '@runlane/contracts';
import { expect, test } from 'vitest';
import { topicProblems } from './topic-problems.ts';
import type { TopicDescription } from './topic-problems.ts';

const [requests] = topicDefinitions('');
if (requests === undefined) throw new Error('There is no topic.');

const GOOD = { 'cleanup.policy': 'delete', 'min.insync.replicas': '2', 'max.message.bytes': '8388608' };

function description(config: Record<string, string> = {}, partitions = 24, replicas = 3): TopicDescription {
  return { partitions, replicas, config: new Map(Object.entries({ ...GOOD, ...config })) };
}

test.each([
  ['as Runlane makes it', description(), [], []],
  ['on a single broker', description({ 'min.insync.replicas': '1' }, 24, 1), [], []],
  ['in any codec', description({ 'compression.type': 'lz4' }), [], []],
  ['with more partitions', description({}, 48), [], []],
  ['larger', description({ 'max.message.bytes': '20000000' }), [], []],
  ['without known settings', { partitions: 24, replicas: 1, config: new Map() }, [], []],
  ['compacted', description({ 'cleanup.policy': 'compact' }), [/runs\.requests\.v1 .*Set cleanup\.policy=delete/], []],
  ['compacted and deleted', description({ 'cleanup.policy': 'compact,delete' }), [/Set cleanup\.policy=delete/], []],
  ['with fewer replicas', description({}, 24, 1), [], [/1 replica: brokers before.*min\.insync\.replicas=1,/]],
  ['that stops with one broker', description({}, 24, 2), [], [/Set min\.insync\.replicas=1\./]],
  ['that trusts one broker', description({ 'min.insync.replicas': '1' }), [], [/Set min\.insync\.replicas=2\./]],
  ['of the default size', description({ 'max.message.bytes': '1048588' }), [], [/Set max\.message\.bytes=8388608\./]],
  ['of one partition', description({}, 1), [], [/has 1 partitions.*24/]],
])('a topic %s', (_, topic, refused, warnings) => {
  const problems = topicProblems(requests, topic);
  expect(problems).toEqual({
    refused: refused.map((pattern) => expect.stringMatching(pattern)),
    warnings: warnings.map((pattern) => expect.stringMatching(pattern)),
  });
});
