/**
 * Names of OpenTelemetry's semantic conventions 1.45.0 that spans use. Those of GenAI and messaging are not stable yet, so
 * they are pinned here; a test compares them with the package of that version.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

export const ATTRIBUTE = {
  errorType: 'error.type',
  agentId: 'gen_ai.agent.id',
  agentName: 'gen_ai.agent.name',
  conversationId: 'gen_ai.conversation.id',
  genAiOperation: 'gen_ai.operation.name',
  genAiProvider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  httpMethod: 'http.request.method',
  httpStatus: 'http.response.status_code',
  messagingSystem: 'messaging.system',
  messagingDestination: 'messaging.destination.name',
  messagingPartition: 'messaging.destination.partition.id',
  messagingOperation: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingMessageId: 'messaging.message.id',
  kafkaOffset: 'messaging.kafka.offset',
  consumerGroup: 'messaging.consumer.group.name',
  serverAddress: 'server.address',
  serverPort: 'server.port',
} as const;

/** Our own. */
export const RUNLANE = {
  runId: 'runlane.run.id',
  threadId: 'runlane.thread.id',
  graphId: 'runlane.graph.id',
  attempt: 'runlane.attempt',
  outcome: 'runlane.outcome',
  eventType: 'runlane.event.type',
  eventId: 'runlane.event.id',
  step: 'runlane.superstep',
  node: 'runlane.node',
} as const;
