export type {
  Assignment,
  BatchContext,
  BatchHandler,
  BatchResult,
  ConnectionTuning,
  ConsumerHealth,
  ConsumerOptions,
  ConsumerTuning,
  RecordProducer,
  InRecord,
  KafkaAdmin,
  KafkaClientName,
  KafkaConnection,
  KafkaLogger,
  KafkaOptions,
  OutRecord,
  PartitionBatch,
  ProducerOptions,
  ProducerTuning,
  PublishOptions,
  RecordConsumer,
  SaslOptions,
  Seek,
  TopicPartition,
  WrittenAt,
} from './port.ts';
export { AccessDenied, PoisonError, RecordTooLarge, RegistryDenied } from './errors.ts';
export { connectKafka } from './connect-kafka.ts';
export { deadLetterRecord, smallerDeadLetter } from './dead-letter.ts';
export type { DeadLetterInfo } from './dead-letter.ts';
export { parseJson } from './json.ts';
export type { JsonParseResult } from './json.ts';
export { partitionForKey } from './partitioner.ts';
export { registerSchemas } from './register-schemas.ts';
export type { RegisterSchemasOptions, SchemaSubject } from './register-schemas.ts';
export { kafkaSecurity } from './security.ts';
export type { KafkaSecuritySettings, RegistryLogin, SecretOf } from './security.ts';
export { checkSchemas } from './check-schemas.ts';
export type { SchemaCheck } from './check-schemas.ts';
export { topicChanges } from './topic-changes.ts';
export type { TopicChange } from './topic-changes.ts';
export { topicProblems } from './topic-problems.ts';
export type { TopicDescription, TopicProblems } from './topic-problems.ts';
export { createValueCodec } from './value-codec.ts';
export type { ValueCodec, ValueCodecOptions } from './value-codec.ts';
