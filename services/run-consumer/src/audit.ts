/**
 * What an audit asks the ledger: this module is the package's entry for it. Single statements read everything while the
 * system works. An earlier answer may be out of date when the next one comes, and comparisons have to allow for that.
 */
import { wrongStates } from '@runlane/checkpoint/threads';
import type { WrongState } from '@runlane/checkpoint/threads';
import { DEAD_LETTER_HEADERS } from '@runlane/contracts';
import type { OutRecord } from '@runlane/kafka';
import type { Database } from '@runlane/postgres';
import { positionsIn } from './adapters/postgres/admission-ledger.ts';
import { createDeadLetterOutbox } from './adapters/postgres/outbox/dead-letter-outbox.ts';
import { createAuditReading } from './adapters/postgres/reading/audit-reading.ts';
import type { AuditedRun, AuditReading } from './adapters/postgres/reading/audit-reading.ts';

export type { AuditedRun, StuckRun } from './adapters/postgres/reading/audit-reading.ts';
export type { WrongState } from '@runlane/checkpoint/threads';
export { expectationOf } from './requests.ts';
export type { Expectation } from './requests.ts';

export type LedgerQuestions = AuditReading & {
  /** The last offset of each partition of the request topic that is in the ledger. */
  positions(): Promise<Map<number, bigint>>;
  /** Dead letters that wait for their topic, by the place of their record, and how long the oldest has waited, in seconds. */
  waitingDeadLetters(): Promise<{ places: string[]; oldestSeconds: number }>;
  /** Ended runs of which the checkpoint tables still hold something that must be gone. */
  wrongStates(runs: readonly AuditedRun[]): Promise<WrongState[]>;
};

/** `checkpointSchema`: of LangGraph's tables. */
export type AuditPlace = { group: string; topic: string; checkpointSchema: string };

/** As many as may wait at all, and few enough bytes to hold. */
const LETTERS = { count: 50_000, bytes: 512 * 1024 * 1024 };

/** Its calls reject with RetryableError while the database is away. */
export function openAudit(database: Database, { group, topic, checkpointSchema }: AuditPlace): LedgerQuestions {
  const letters = createDeadLetterOutbox(database);
  return {
    ...createAuditReading(database),
    positions: () => positionsIn(database, group, topic),
    wrongStates: (runs) =>
      wrongStates(
        database,
        checkpointSchema,
        runs
          .filter(({ isTerminal }) => isTerminal)
          .map(({ runId, threadId, status }) => ({ runId, threadId, isRolledBack: status === 'rollback' })),
      ),
    async waitingDeadLetters() {
      const { oldestSeconds } = await letters.backlog();
      const { letters: waiting } = await letters.waiting(LETTERS.count, LETTERS.bytes);
      return { places: waiting.map(({ record }) => placeOf(record.headers)), oldestSeconds };
    },
  };
}

function placeOf(headers: OutRecord['headers']): string {
  const { topic, partition, offset } = DEAD_LETTER_HEADERS;
  return [topic, partition, offset].map((name) => String([headers[name] ?? ''].flat()[0])).join('/');
}
