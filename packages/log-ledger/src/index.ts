export { onDatabase } from './on-database.ts';
export { Probes } from './probes.ts';
export type { ProbedProcess } from './probes.ts';
export { receiveBatch } from './receive-batch.ts';
export type { Batch, ReceiveSteps } from './receive-batch.ts';
export { endOffset, resumeFromLedger } from './resume-from-ledger.ts';
export { unseenRecords } from './unseen-records.ts';
export type { LedgerPosition, PositionOwner } from './unseen-records.ts';
export { watchTopicsUntil } from './watch-topics.ts';
