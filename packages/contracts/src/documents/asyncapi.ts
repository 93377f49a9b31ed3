import {
  KAFKA_BINDING,
  TEXT,
  channel,
  documentInfo,
  message,
  operation,
  runStatusEventMessage,
} from './asyncapi-parts.ts';
import { DEAD_LETTER_HEADERS, DEAD_LETTER_MESSAGE_BYTES } from '../dead-letter.ts';
import type { JsonObject } from '../json.ts';
import { DEAD_LETTER_CODES } from '../reasons.ts';
import { groupNames, topicNames } from '../topics.ts';
import { WEBHOOK_NOTICE_EXAMPLES, WEBHOOK_NOTICE_TYPES } from '../events/webhook-notice.ts';

/**
 * The AsyncAPI 3.0 document of Runlane's topics, seen from Runlane: it receives requests, sends events and dead
 * letters. Topic names are those without a prefix.
 *
 * @param version of the contract package, for `info.version`
 */
export function asyncApiDocument(version: string): JsonObject {
  const topics = topicNames('');
  return {
    asyncapi: '3.0.0',
    info: documentInfo(
      'Runlane',
      version,
      'Runs LangGraph agents from a Kafka log. Each topic and group name may carry a prefix.',
    ),
    defaultContentType: 'application/json',
    channels: {
      runRequests: channel(topics.requests, 'Requests to start and to cancel runs.', ['RunCreate', 'RunCancel']),
      runStatus: channel(topics.status, 'What happened to runs, in order per thread.', ['RunStatusEvent']),
      webhookNotices: channel(topics.webhookNotices, 'How receivers of webhooks stand, for operators.', [
        'WebhookNotice',
      ]),
      deadLetters: channel(topics.deadLetters, 'Requests that could not be read, as they came.', ['DeadLetter']),
    },
    operations: {
      receiveRunRequests: {
        ...operation('receive', 'runRequests', ['RunCreate', 'RunCancel']),
        bindings: {
          kafka: { groupId: { type: 'string', enum: [groupNames('').runConsumer] }, bindingVersion: KAFKA_BINDING },
        },
      },
      sendRunStatusEvents: operation('send', 'runStatus', ['RunStatusEvent']),
      sendWebhookNotices: operation('send', 'webhookNotices', ['WebhookNotice']),
      sendDeadLetters: operation('send', 'deadLetters', ['DeadLetter']),
    },
    components: {
      messages: { RunCreate, RunCancel, RunStatusEvent: runStatusEventMessage, WebhookNotice, DeadLetter },
    },
  };
}

const REQUEST_HEADERS = {
  'content-type': { type: 'string', const: 'application/json' },
  traceparent: { type: 'string', description: 'W3C trace context of the producer.' },
};

const RunCreate = message('RunCreate', {
  summary: 'Starts a run.',
  key: {
    type: ['string', 'null'],
    description: 'The thread_id. Of a stateless run: its run_id when given, else null.',
  },
  headers: { ce_type: { type: 'string', const: 'run.create', description: 'May be absent.' }, ...REQUEST_HEADERS },
  required: [],
});

const RunCancel = message('RunCancel', {
  summary: 'Cancels one run, or every unfinished run of a thread.',
  key: { type: 'string', description: 'The thread_id. Of a stateless run: its run_id.' },
  headers: { ce_type: { type: 'string', const: 'run.cancel' }, ...REQUEST_HEADERS },
  required: ['ce_type'],
});

const WebhookNotice = message('WebhookNotice', {
  summary:
    'Says that a receiver of webhooks fails, waits, is paused, disabled or well again: CloudEvents 1.0 in Kafka binary mode.',
  key: { type: 'string', description: 'The origin.' },
  headers: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: 'The event_id.' },
    ce_source: { type: 'string', format: 'uri-reference' },
    ce_type: { type: 'string', enum: [...WEBHOOK_NOTICE_TYPES] },
    ce_subject: { type: 'string', description: 'The url_hash, or the origin.' },
    ce_time: { type: 'string', format: 'date-time', description: 'The occurred_at.' },
    'content-type': { type: 'string', const: 'application/json' },
  },
  examples: WEBHOOK_NOTICE_EXAMPLES.map((payload) => ({ name: payload.type, payload })),
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time', 'content-type'],
});

const DeadLetter: JsonObject = {
  name: 'DeadLetter',
  summary: 'A request that ended as a dead letter: key, value and headers as they came, and the dlq.* headers.',
  contentType: 'application/octet-stream',
  headers: {
    type: 'object',
    properties: {
      [DEAD_LETTER_HEADERS.topic]: TEXT,
      [DEAD_LETTER_HEADERS.partition]: TEXT,
      [DEAD_LETTER_HEADERS.offset]: TEXT,
      [DEAD_LETTER_HEADERS.errorCode]: { type: 'string', enum: [...DEAD_LETTER_CODES] },
      [DEAD_LETTER_HEADERS.errorMessage]: { type: 'string', maxLength: DEAD_LETTER_MESSAGE_BYTES },
    },
    required: [
      DEAD_LETTER_HEADERS.topic,
      DEAD_LETTER_HEADERS.partition,
      DEAD_LETTER_HEADERS.offset,
      DEAD_LETTER_HEADERS.errorCode,
      DEAD_LETTER_HEADERS.errorMessage,
    ],
  },
};
