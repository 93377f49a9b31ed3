export { nextChannelVersion } from './channel-version.ts';
export { GroupCommit, defaultLimits } from './group-commit.ts';
export type { GroupCommitLimits, GroupCommitOptions, WriteBatch } from './group-commit.ts';
export type { CheckpointBatch, Operation } from './checkpoint-batch.ts';
export { ForeignThread } from './place.ts';
export { RunSaver } from './run-saver.ts';
export type { RunSaverOptions, SaverFailure } from './run-saver-options.ts';
export { createBatchWriter } from './write-batch.ts';
