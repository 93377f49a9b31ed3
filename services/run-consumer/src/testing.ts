/** What benches and whole-system tests need of the service besides its process: its ledger, to measure it alone. */
export { createExecutorLeases } from './adapters/postgres/run-store.ts';
export { createRunClaims } from './adapters/postgres/run-claims.ts';
export { createRunSettlements } from './adapters/postgres/run-settlements.ts';
export { createThreadCheckpoints } from './adapters/postgres/thread-checkpoints.ts';
export { settlementOf } from './domain/settlement.ts';
export type { ClaimedRun } from './domain/run.ts';
