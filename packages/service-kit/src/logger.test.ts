import { expect, test } from 'vitest';
import { recordingLogger } from './recording-logger.fixture.ts';

test('a line carries service, level as a word and an ISO time', () => {
  const { logger, events } = recordingLogger();
  logger.warn({ run_id: 'r1' }, 'run.settled');
  expect(events()[0]).toMatchObject({ level: 'warn', service: 'test', run_id: 'r1', msg: 'run.settled' });
  expect(events()[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('an error is logged with its causes and the members of an AggregateError', () => {
  const { logger, events } = recordingLogger();
  const err = new Error('outer', { cause: new AggregateError([new Error('first'), new Error('second')], 'both') });
  logger.error({ err }, 'run.failed');
  expect(events()[0]?.['err']).toMatchObject({
    message: 'outer',
    cause: { message: 'both', aggregateErrors: [{ message: 'first' }, { message: 'second' }] },
  });
});

test('no secret is logged, at any depth, in messages, errors, children or bindings', () => {
  const { logger, lines } = recordingLogger();
  const secretUrl = 'https://hooks.example/T000/s3cret?x=s3cret';
  const child = logger.child({ webhook: secretUrl, url: 'postgres://u:s3cret@db/x' });
  child.info({ a: { b: { c: { d: { webhook: secretUrl, password: 's3cret' } } } } }, `sent to ${secretUrl}`);
  child.error({ err: new Error(`GET ${secretUrl}`, { cause: new Error('redis://:s3cret@h') }) }, 'failed');
  child.error({ err: Object.assign(new Error('x'), { headers: { authorization: 's3cret' } }) }, 'failed');
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).not.toContain('s3cret');
    expect(() => JSON.parse(line)).not.toThrow();
  }
  expect(lines[0]).toContain('https://hooks.example/[redacted]');
});

test('a bigint can be logged', () => {
  const { logger, lines } = recordingLogger();
  logger.info({ fencing_token: 9_007_199_254_740_993n, nested: { offset: 5n } }, 'run.claimed');
  expect(lines[0]).toContain('"fencing_token":9007199254740993');
});
