import {
  KAFKA_BINDING,
  TEXT,
  channel,
  documentInfo,
  eventExamples,
  operation,
  payloadOf,
  runStatusEventMessage,
} from './asyncapi-parts.ts';
import type { JsonObject } from '../json.ts';
import { groupNames, topicNames } from '../topics.ts';

const HTTP_BINDING = '0.3.0';

/**
 * The AsyncAPI 3.0 document of the webhook dispatcher: it receives status events from their topic and sends them to the
 * URLs that they name.
 *
 * @param version of the contract package, for `info.version`
 */
export function webhookAsyncApiDocument(version: string): JsonObject {
  return {
    asyncapi: '3.0.0',
    info: documentInfo(
      'Runlane webhooks',
      version,
      'Delivers status events to webhooks, signed as Standard Webhooks has it. Each topic and group name may carry a prefix.',
    ),
    defaultContentType: 'application/json',
    channels: {
      runStatus: channel(topicNames('').status, 'What happened to runs, in order per thread.', ['RunStatusEvent']),
      webhook: {
        address: '{webhook}',
        description: 'The URL that the request of the run has given.',
        parameters: { webhook: { description: 'As in the field webhook of the event.' } },
        messages: { WebhookRequest: { $ref: '#/components/messages/WebhookRequest' } },
      },
    },
    operations: {
      receiveRunStatusEvents: {
        ...operation('receive', 'runStatus', ['RunStatusEvent']),
        bindings: {
          kafka: {
            groupId: { type: 'string', enum: [groupNames('').webhookDispatcher] },
            bindingVersion: KAFKA_BINDING,
          },
        },
      },
      sendWebhooks: {
        ...operation('send', 'webhook', ['WebhookRequest']),
        bindings: { http: { method: 'POST', bindingVersion: HTTP_BINDING } },
      },
    },
    components: { messages: { RunStatusEvent: runStatusEventMessage, WebhookRequest } },
  };
}

const WebhookRequest: JsonObject = {
  name: 'WebhookRequest',
  summary: 'The status event as JSON. Above RUNLANE_WEBHOOK_MAX_BYTES without its values, interrupts and metadata.',
  contentType: 'application/json',
  headers: {
    type: 'object',
    properties: {
      'content-type': { type: 'string', const: 'application/json' },
      'webhook-id': { type: 'string', description: 'The same for every attempt to deliver the event to the URL.' },
      'webhook-timestamp': { type: 'string', pattern: '^[0-9]+$', description: 'Seconds since 1970 of the attempt.' },
      'webhook-signature': {
        type: 'string',
        description: 'HMAC (v1) and Ed25519 (v1a) signatures, with spaces between.',
      },
      'user-agent': TEXT,
    },
    required: ['content-type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'],
  },
  payload: payloadOf('RunStatusEvent'),
  examples: eventExamples,
};
