import { Stoppages } from '@runlane/log-ledger';
import type { DeadLetterReason, Json } from '@runlane/contracts';
import type { InRecord, OutRecord } from '@runlane/kafka';
import { assistants, cancelAt, requestAt } from '../domain/factories.fixture.ts';
import { receiveRunRequests } from './receive-run-requests.ts';
import type { AdmissionReport, Reading } from './receive-run-requests.ts';
import { recordingLedger } from './recording-ledger.fixture.ts';
import type { LedgerSetup } from './recording-ledger.fixture.ts';
import { recordingHints, recordingLog } from './recording-ports.fixture.ts';

function recordAt(offset: number): InRecord {
  return {
    topic: 'requests',
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 1_000 + offset,
    key: null,
    value: null,
    headers: new Map(),
  };
}

/** A valid request at the offset of partition 0. */
export const request = (offset: number, json?: Record<string, Json>): Reading => ({
  record: recordAt(offset),
  content: requestAt(offset, json),
});
/** A valid cancel at the offset of partition 0. */
export const cancel = (offset: number, json: Record<string, Json>): Reading => ({
  record: recordAt(offset),
  content: cancelAt(offset, json),
});
/** A record that is no request. */
export const unreadable = (offset: number): Reading => ({
  record: recordAt(offset),
  content: { kind: 'dead_letter', reason: { code: 'undecodable', message: 'Not JSON.' } },
});

type Setup = LedgerSetup & {
  readings: Reading[];
  /** End of the partition, as the batch gives it and as the broker has it now. */
  highWatermark?: bigint;
  lowWatermark?: bigint;
  endOffset?: bigint;
  read?: () => void;
};

/** Admission, batch after batch, on the ledger that the earlier calls left. */
export function admission({
  readings,
  highWatermark = 1_000n,
  lowWatermark = 0n,
  endOffset = highWatermark,
  read,
  ...ledgerSetup
}: Setup) {
  const ledger = recordingLedger(ledgerSetup);
  const hints = recordingHints();
  const { logger, messages } = recordingLog();
  const deadLetters: { offset: bigint; reason: DeadLetterReason; attempts: number }[] = [];
  const reports: AdmissionReport[] = [];
  const stoppages = new Stoppages();
  const receive = () =>
    receiveRunRequests(
      { records: readings.map(({ record }) => record), highWatermark, lowWatermark },
      {
        read: async (record) => {
          read?.();
          const reading = readings.find((candidate) => candidate.record === record);
          if (reading === undefined) throw new Error('a record that nobody sent');
          return reading;
        },
        ledger,
        endOffset: () => Promise.resolve(endOffset),
        deadLetterRecord: (record, reason, attempts): OutRecord => {
          deadLetters.push({ offset: record.offset, reason, attempts });
          return { topic: 'dead letters', key: null, value: Buffer.from(String(record.offset)), headers: {} };
        },
        assistants,
        hints,
        report: (report) => reports.push(report),
        stoppages,
        logger,
      },
    );
  return { receive, ledger, hints, messages, deadLetters, reports };
}

/** The id of a request that names none. */
export const runIdAt = (offset: number): string => requestAt(offset).runId;

/** Throws when the plan holds the run of that offset. */
export const refuseRunAt =
  (offset: number, error: Error): NonNullable<LedgerSetup['onWrite']> =>
  (plan) => {
    if (plan.runs.some((run) => run.runId === runIdAt(offset))) throw error;
  };
