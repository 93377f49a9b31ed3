export { nextChannelVersion } from './channel-version.ts';
export { GroupCommit, defaultLimits } from './group-commit.ts';
export type { GroupCommitLimits, WriteBatch } from './group-commit.ts';
export type { CheckpointBatch, Operation } from './checkpoint-batch.ts';
export { RunSaver } from './run-saver.ts';
export type { RunSaverOptions } from './run-saver.ts';
export { createBatchWriter } from './write-batch.ts';
export { WriteRefused } from './write-claim.ts';
export type { WriteClaim } from './write-claim.ts';
