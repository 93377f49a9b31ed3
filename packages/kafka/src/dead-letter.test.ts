import { expect, test } from 'vitest';
import { deadLetterRecord } from './dead-letter.ts';
import type { InRecord } from './port.ts';

const record: InRecord = {
  topic: 'runs.requests.v1',
  partition: 7,
  offset: 9_007_199_254_740_993n,
  timestampMs: 1_700_000_000_000,
  key: Buffer.from('thread'),
  value: Buffer.from([0xff, 0x00]),
  headers: new Map([
    ['ce_type', [Buffer.from('run.create')]],
    ['repeated', [Buffer.from('b'), Buffer.from('a')]],
    ['dlq.topic', [Buffer.from('an earlier failure')]],
    ['dlq.made_up', [Buffer.from('an earlier version')]],
    ['constructor', [Buffer.from('c')]],
  ]),
};

const info = {
  code: 'undecodable' as const,
  message: 'the value is not JSON',
  group: 'run-consumer',
  attempts: 1,
  firstFailedAt: new Date('2026-11-23T10:00:00.000Z'),
  serviceVersion: '0.1.0',
};

test('a dead letter is the original record with text headers that say what happened', () => {
  expect(deadLetterRecord(record, 'runs.requests.dlq.v1', info)).toEqual({
    topic: 'runs.requests.dlq.v1',
    key: record.key,
    value: record.value,
    headers: {
      ce_type: [Buffer.from('run.create')],
      repeated: [Buffer.from('b'), Buffer.from('a')],
      constructor: [Buffer.from('c')],
      'dlq.topic': 'runs.requests.v1',
      'dlq.partition': '7',
      'dlq.offset': '9007199254740993',
      'dlq.group': 'run-consumer',
      'dlq.error.code': 'undecodable',
      'dlq.error.message': 'the value is not JSON',
      'dlq.attempts': '1',
      'dlq.first_failed_at': '2026-11-23T10:00:00.000Z',
      'dlq.service.version': '0.1.0',
    },
  });
});

test('a tombstone without a key stays a tombstone', () => {
  const letter = deadLetterRecord({ ...record, key: null, value: null }, 'dlq', info);
  expect(letter).toMatchObject({ key: null, value: null });
});

test('a record that is too large for any topic once it is unpacked loses its value and headers, and says so', () => {
  const large = { ...record, value: Buffer.alloc(8 * 1024 * 1024 + 1) };
  const letter = deadLetterRecord(large, 'dlq', info);
  expect(letter).toMatchObject({ key: record.key, value: null });
  expect(Object.keys(letter.headers).filter((name) => !name.startsWith('dlq.'))).toEqual([]);
  expect(letter.headers['dlq.error.message']).toMatch(/^the value is not JSON .*only in the log/);
  expect(
    deadLetterRecord({ ...large, value: Buffer.alloc(8 * 1024 * 1024 - 1_000) }, 'dlq', info).value,
  ).not.toBeNull();
});
