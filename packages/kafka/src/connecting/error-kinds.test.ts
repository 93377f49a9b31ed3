import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import kafkajs from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { AccessDenied } from '../errors.ts';
import { isOutage, isRejoinError, toPortError } from './error-kinds.ts';

const { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSNonRetriableError, KafkaJSProtocolError } =
  kafkajs;

function protocolError(type: string, retriable = true): Error {
  return new KafkaJSProtocolError(Object.assign(new Error(type), { type, retriable, code: 0 }));
}

function wrapped(error: Error): Error {
  const exceeded = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 5, retryTime: 100 });
  return Object.assign(new KafkaJSNonRetriableError(exceeded), { cause: exceeded });
}

describe('errors of kafkajs', () => {
  const connection = new KafkaJSConnectionError('Connection timeout');

  test.each([
    ['a lost connection', connection, RetryableError],
    ['a lost connection behind wrappers', wrapped(connection), RetryableError],
    ['an unknown topic', protocolError('UNKNOWN_TOPIC_OR_PARTITION'), RetryableError],
    ['a race in kafkajs', new TypeError('reading host of undefined'), RetryableError],
    ['refused access behind wrappers', wrapped(protocolError('TOPIC_AUTHORIZATION_FAILED', false)), AccessDenied],
    ['a token that the broker has refused before', protocolError('ILLEGAL_SASL_STATE', false), AccessDenied],
    [
      'a certificate that does not verify, though kafkajs takes it for a lost connection',
      Object.assign(new KafkaJSConnectionError('Connection error'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      AccessDenied,
    ],
    ['an invalid setting', protocolError('INVALID_CONFIG', false), FatalError],
  ])('%s keeps its cause and says what was tried', (_, error, kind) => {
    const translated = toPortError(error, 'publishing failed');
    expect(translated).toBeInstanceOf(kind);
    expect(translated.cause).toBe(error);
    expect(translated.message).toMatch(/^publishing failed: /);
    expect(toPortError(translated, 'again')).toBe(translated);
  });

  test('an answer that did not come from a broker is reported as such', () => {
    const race = new TypeError("Cannot read properties of null (reading 'topicMetadata')");
    expect(toPortError(race, 'describing topic t failed').message).toMatch(
      /^describing topic t failed: no broker .* no leader/,
    );
  });

  test('an outage is distinguished from a crash', () => {
    expect(isOutage(wrapped(connection))).toBe(true);
    expect(isOutage(new TypeError('reading host of undefined'))).toBe(false);
  });

  test.each(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'NOT_COORDINATOR_FOR_GROUP'])(
    '%s makes a member join again',
    (type) => {
      expect(isRejoinError(protocolError(type))).toBe(true);
    },
  );

  test('other errors do not', () => {
    expect(isRejoinError(protocolError('LEADER_NOT_AVAILABLE'))).toBe(false);
    expect(isRejoinError('REBALANCE_IN_PROGRESS')).toBe(false);
  });
});
