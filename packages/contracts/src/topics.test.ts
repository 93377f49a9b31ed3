import { describe, expect, it } from 'vitest';
import { PARTITION_COUNT, groupNames, subjectOf, topicDefinitions, topicNames } from './index.ts';

describe('topics', () => {
  it('have the names of the contract, behind a literal prefix', () => {
    expect(topicNames('')).toEqual({
      requests: 'runs.requests.v1',
      status: 'runs.status.v1',
      webhookNotices: 'webhooks.ops.v1',
      deadLetters: 'runs.requests.dlq.v1',
    });
    expect(topicNames('staging.')).toEqual({
      requests: 'staging.runs.requests.v1',
      status: 'staging.runs.status.v1',
      webhookNotices: 'staging.webhooks.ops.v1',
      deadLetters: 'staging.runs.requests.dlq.v1',
    });
    expect(groupNames('x_')).toEqual({ runConsumer: 'x_run-consumer', webhookDispatcher: 'x_webhook-dispatcher' });
  });

  it('are created with 24 partitions, and the dead letter topic takes larger records than the request topic', () => {
    expect(PARTITION_COUNT).toBe(24);
    const limits = topicDefinitions('p.').map(({ name, partitions, config }) => ({
      name,
      partitions,
      bytes: config['max.message.bytes'],
      policy: config['cleanup.policy'],
    }));
    expect(limits).toEqual([
      { name: 'p.runs.requests.v1', partitions: 24, bytes: '8388608', policy: 'delete' },
      { name: 'p.runs.status.v1', partitions: 24, bytes: '8388608', policy: 'delete' },
      { name: 'p.webhooks.ops.v1', partitions: 24, bytes: '1048576', policy: 'delete' },
      { name: 'p.runs.requests.dlq.v1', partitions: 24, bytes: '8454144', policy: 'delete' },
    ]);
  });

  it('keep everything for at least a week', () => {
    for (const { config } of topicDefinitions('')) {
      expect(Number(config['retention.ms'])).toBeGreaterThanOrEqual(7 * 24 * 3600 * 1000);
    }
  });

  it('name their subjects in the registry after record and topic', () => {
    expect(subjectOf(topicNames('p.').requests, 'RunCancel')).toBe('p.runs.requests.v1-RunCancel');
  });
});
