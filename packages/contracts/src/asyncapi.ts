import type { Json, JsonObject } from './json.ts';
import { DEAD_LETTER_HEADERS, DEAD_LETTER_MESSAGE_BYTES } from './dead-letter.ts';
import { DEAD_LETTER_CODES } from './reasons.ts';
import { RUN_STATUS_EVENT_TYPES } from './run-status.ts';
import { groupNames, topicDefinitions, topicNames } from './topics.ts';
import type { SchemaName } from './schemas.ts';

const BINDING_VERSION = '0.5.0';
const TEXT = { type: 'string' };

/** Name of the file that holds a schema, beside the AsyncAPI document that refers to it. */
export function schemaFileName(name: SchemaName): string {
  return `${name}.schema.json`;
}

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
    info: {
      title: 'Runlane',
      version,
      description: 'Runs LangGraph agents from a Kafka log. Each topic and group name may carry a prefix.',
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    channels: {
      runRequests: channel(topics.requests, 'Requests to start and to cancel runs.', ['RunCreate', 'RunCancel']),
      runStatus: channel(topics.status, 'What happened to runs, in order per thread.', ['RunStatusEvent']),
      deadLetters: channel(topics.deadLetters, 'Requests that could not be read, as they came.', ['DeadLetter']),
    },
    operations: {
      receiveRunRequests: {
        ...operation('receive', 'runRequests', ['RunCreate', 'RunCancel']),
        bindings: {
          kafka: { groupId: { type: 'string', enum: [groupNames('').runConsumer] }, bindingVersion: BINDING_VERSION },
        },
      },
      sendRunStatusEvents: operation('send', 'runStatus', ['RunStatusEvent']),
      sendDeadLetters: operation('send', 'deadLetters', ['DeadLetter']),
    },
    components: { messages: { RunCreate, RunCancel, RunStatusEvent, DeadLetter } },
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

const RunStatusEvent = message('RunStatusEvent', {
  summary: 'Says what happened to a run: CloudEvents 1.0 in Kafka binary mode.',
  key: { type: 'string', description: 'The thread_id.' },
  headers: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', description: 'The event_id.' },
    ce_source: { type: 'string', format: 'uri-reference' },
    ce_type: { type: 'string', enum: [...RUN_STATUS_EVENT_TYPES] },
    ce_subject: { type: 'string', description: 'The run_id.' },
    ce_time: { type: 'string', format: 'date-time', description: 'The occurred_at.' },
    ce_sequence: { type: 'string', pattern: '^[0-9]{10}$', description: 'The sequence, padded with zeros.' },
    'content-type': { type: 'string', const: 'application/json' },
    traceparent: TEXT,
  },
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time', 'ce_sequence', 'content-type'],
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

function message(
  name: SchemaName,
  about: { summary: string; key: JsonObject; headers: JsonObject; required: string[] },
): JsonObject {
  return {
    name,
    summary: about.summary,
    contentType: 'application/json',
    headers: { type: 'object', properties: about.headers, required: about.required },
    payload: {
      schemaFormat: 'application/schema+json;version=draft-07',
      schema: { $ref: `./${schemaFileName(name)}` },
    },
    bindings: { kafka: { key: about.key, bindingVersion: BINDING_VERSION } },
  };
}

function channel(topic: string, description: string, messages: string[]): JsonObject {
  const definition = topicDefinitions('').find(({ name }) => name === topic);
  if (definition === undefined) throw new Error(`no topic definition for ${topic}; add one to topics.ts`);
  const { config, partitions } = definition;
  return {
    address: topic,
    description,
    messages: references(messages, (name) => `#/components/messages/${name}`),
    bindings: {
      kafka: {
        topic,
        partitions,
        topicConfiguration: {
          'cleanup.policy': [config['cleanup.policy'] ?? 'delete'],
          'retention.ms': Number(config['retention.ms']),
          'max.message.bytes': Number(config['max.message.bytes']),
        },
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function operation(action: 'send' | 'receive', channelName: string, messages: string[]): JsonObject {
  return {
    action,
    channel: { $ref: `#/channels/${channelName}` },
    messages: messages.map((name) => ({ $ref: `#/channels/${channelName}/messages/${name}` })),
  };
}

function references(names: string[], target: (name: string) => string): { [name: string]: Json } {
  return Object.fromEntries(names.map((name) => [name, { $ref: target(name) }]));
}
