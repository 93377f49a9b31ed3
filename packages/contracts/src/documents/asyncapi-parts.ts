/** What the AsyncAPI documents of the services are made of. */
import { EVENT_EXAMPLES } from './event-catalogue.ts';
import type { Json, JsonObject } from '../json.ts';
import { RUN_STATUS_EVENT_TYPES } from '../run-status.ts';
import type { SchemaName } from '../schemas.ts';
import { topicDefinitions } from '../topics.ts';

/** Version of AsyncAPI's Kafka binding. */
export const KAFKA_BINDING = '0.5.0';
/** JSON Schema of any text. */
export const TEXT = { type: 'string' };

/** Name of the file that holds a schema, beside the AsyncAPI document that refers to it. */
export function schemaFileName(name: SchemaName): string {
  return `${name}.schema.json`;
}

/** The `info` of every document. */
export function documentInfo(title: string, version: string, description: string): JsonObject {
  return { title, version, description, license: { name: 'MIT' } };
}

/** The payload of a message: its schema, in the file beside the document. */
export function payloadOf(name: SchemaName): JsonObject {
  return {
    schemaFormat: 'application/schema+json;version=draft-07',
    schema: { $ref: `./${schemaFileName(name)}` },
  };
}

/** An example of each type of event. */
export const eventExamples: Json = RUN_STATUS_EVENT_TYPES.map((type) => ({
  name: type,
  payload: EVENT_EXAMPLES[type] as Json,
}));

/** A message on a topic. `key`: JSON Schema of its key. */
export function message(
  name: SchemaName,
  about: { summary: string; key: JsonObject; headers: JsonObject; required: string[]; examples?: Json },
): JsonObject {
  return {
    name,
    summary: about.summary,
    contentType: 'application/json',
    headers: { type: 'object', properties: about.headers, required: about.required },
    payload: payloadOf(name),
    ...(about.examples === undefined ? {} : { examples: about.examples }),
    bindings: { kafka: { key: about.key, bindingVersion: KAFKA_BINDING } },
  };
}

/** A topic with its messages. */
export function channel(topic: string, description: string, messages: string[]): JsonObject {
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
        bindingVersion: KAFKA_BINDING,
      },
    },
  };
}

/** What a service does on a channel. */
export function operation(action: 'send' | 'receive', channelName: string, messages: string[]): JsonObject {
  return {
    action,
    channel: { $ref: `#/channels/${channelName}` },
    messages: messages.map((name) => ({ $ref: `#/channels/${channelName}/messages/${name}` })),
  };
}

/** References by name. */
function references(names: string[], target: (name: string) => string): { [name: string]: Json } {
  return Object.fromEntries(names.map((name) => [name, { $ref: target(name) }]));
}

/** The status event on its topic, sent by run-consumer and read by everybody else. */
export const runStatusEventMessage: JsonObject = message('RunStatusEvent', {
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
  examples: eventExamples,
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time', 'ce_sequence', 'content-type'],
});
