export { RunPublisher } from './publisher.ts';
export type { PausedRun, PublisherOptions, PublishOptions, RunRequest } from './publisher.ts';
export type { PublishedRun, RecordPosition } from './published-run.ts';
export { RunEvents } from './events.ts';
export type { Delivery, EventsOptions, WaitOptions } from './events.ts';
export type { RunEvent } from './run-event.ts';
export { verifyWebhook } from './verify-webhook.ts';
export type { IncomingWebhook } from './verify-webhook.ts';
export type { ConnectionOptions } from './options.ts';
export {
  CommitError,
  EventsError,
  InvalidRequestError,
  PublishError,
  RunEndedError,
  RunlaneClientError,
  WaitTimeoutError,
} from './errors.ts';
export type { PublishErrorCode } from './errors.ts';
export type { KafkaLogger, SaslOptions } from '@runlane/kafka';
export { partitionForKey } from '@runlane/kafka';
export {
  assistantIdOfGraph,
  DEAD_LETTER_HEADERS,
  isTerminalEventType,
  parseRunStatusEvent,
  RUN_STATUS_EVENT_TYPES,
  TERMINAL_EVENT_TYPES,
  threadIdOfStatelessRun,
  topicNames,
} from '@runlane/contracts';
export type {
  DeadLetterCode,
  Json,
  Reason,
  RunCancelInput,
  RunCreateInput,
  ModelUsage,
  RunInterrupt,
  RunStatus,
  RunStatusEvent,
  RunStatusEventType,
  ThreadStatus,
} from '@runlane/contracts';
export type { Verification } from '@runlane/webhooks';
