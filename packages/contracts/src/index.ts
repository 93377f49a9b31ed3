export { PARTITION_COUNT, groupNames, topicDefinitions, topicNames } from './topics.ts';
export type { TopicDefinition, TopicNames } from './topics.ts';
export {
  LANGGRAPH_NAMESPACE,
  RUNLANE_NAMESPACE,
  assistantIdOfGraph,
  isUuid,
  runIdOfRecord,
  threadIdOfStatelessRun,
  uuidV5,
} from './ids.ts';
export type { RecordCoordinates } from './ids.ts';
export { checkJson, isJsonObject } from './json.ts';
export type { Json, JsonObject, JsonVerdict } from './json.ts';
export { DURABILITIES, MULTITASK_STRATEGIES, runCreateSchema } from './requests/run-create-schema.ts';
export type { Durability, MultitaskStrategy } from './requests/run-create-schema.ts';
export { parseRunCreate } from './requests/run-create.ts';
export type { RunCreateConfig } from './requests/run-config.ts';
export type { RunCreate, RunCreateInput, RunCreateVerdict, RunRequestType } from './requests/run-create.ts';
export type { Command, CommandGoto, CommandUpdate, Send } from './requests/command.ts';
export { parseRunCancel, runCancelSchema } from './requests/run-cancel.ts';
export type { CancelAction, RunCancel, RunCancelInput, RunCancelVerdict } from './requests/run-cancel.ts';
export { MAX_REQUEST_DEPTH, readRequest, requestSizeProblem } from './requests/read-request.ts';
export type { RequestReading } from './requests/read-request.ts';
export { requestRules } from './requests/request-rules.ts';
export type { RequestRules } from './requests/request-rules.ts';
export { fingerprintOf, fingerprintOfJson } from './fingerprint.ts';
export {
  RUN_STATUSES,
  RUN_STATUS_EVENT_TYPES,
  STATUS_OF_EVENT_TYPE,
  TERMINAL_EVENT_TYPES,
  THREAD_STATUSES,
  isRunStatusEventType,
  isTerminalEventType,
} from './run-status.ts';
export type { RunStatus, RunStatusEventType, TerminalEventType, ThreadStatus } from './run-status.ts';
export { parseRunStatusEvent, runStatusEventSchema } from './events/run-status-event.ts';
export type {
  ModelUsage,
  RunInterrupt,
  RunStatusEvent,
  RunStatusEventVerdict,
  UsageCounts,
} from './events/run-status-event.ts';
export { WEBHOOK_NOTICE_TYPES, webhookNoticeHeaders, webhookNoticeSchema } from './events/webhook-notice.ts';
export type { WebhookNotice, WebhookNoticeType } from './events/webhook-notice.ts';
export { eventHeaders } from './events/event-headers.ts';
export { DEAD_LETTER_CODES, REJECTED_REASONS } from './reasons.ts';
export type {
  DeadLetterCode,
  FailedReason,
  Reason,
  RejectedReason,
  SucceededReason,
  SupersededReason,
} from './reasons.ts';
export {
  DEAD_LETTER_HEADERS,
  DEAD_LETTER_MESSAGE_BYTES,
  REDRIVE_HEADER,
  cutToBytes,
  deadLetterHeaders,
} from './dead-letter.ts';
export type { DeadLetterOrigin, DeadLetterReason } from './dead-letter.ts';
export { parseAssistantCreate, parseAssistantUpdate } from './assistant.ts';
export type { AssistantCreate, AssistantFields, AssistantVerdict } from './assistant.ts';
export { reservedConfigKeys } from './requests/reserved-config.ts';
export { SCHEMA_NAMES, jsonSchemas, subjectOf } from './schemas.ts';
export type { JsonSchema, SchemaName } from './schemas.ts';
