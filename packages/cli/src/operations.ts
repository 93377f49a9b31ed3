/** The command line's operations on dead letters and webhooks, for other programs: the package's entry for them. */
export { CommandError } from './command-error.ts';
export type { Check } from './doctor/check.ts';
export { checkSchemas } from './doctor/database.ts';
export { checkTopicsWith } from './doctor/kafka.ts';
export { letterOf, parseLetterId, placeOf, textOf } from './dead-letters/dead-letter.ts';
export type { Letter } from './dead-letters/dead-letter.ts';
export { redrivenBefore, redrivenRecord } from './dead-letters/redriven-record.ts';
export { editableText, replacedRecord } from './dead-letters/replace-record.ts';
export type { EditedRecord } from './dead-letters/replace-record.ts';
export { readTopic } from './read-topic.ts';
export type { TopicReading } from './read-topic.ts';
