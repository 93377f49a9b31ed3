/**
 * Purpose   Decides why a record cannot be stored, and keeps the partitions that have stopped because of it.
 * I10       A record that cannot be taken, while others can, is put aside: it must not block its partition.
 * I11       A lost grant, the schema of another version, a broken index or a bug of ours fails every record alike: putting
 * them aside would turn the topic into dead letters. Then the partition waits, with errors in the log, and continues when
 * the cause is gone.
 */
import { PoisonError } from '@runlane/kafka';
import type { InRecord } from '@runlane/kafka';
import { SQLSTATE, sqlState } from '@runlane/postgres';
import { backoff } from '@runlane/service-kit';

/** `record`: only a record can cause it. `database`: no record can. `unknown`: either may be the cause, as when our code fails. */
export type Suspect = 'record' | 'database' | 'unknown';

/**
 * Data exceptions, such as a text that no column holds; an index row too large, or a value nested too deep to be parsed.
 * The other limits of the program, columns and arguments, are those of our schema and statements.
 */
const CAUSED_BY_RECORDS = /^(22...|5400[01])$/;

/**
 * Whoever was faster has been tried again for by then, so one that stays comes of a row that only this record meets, or of
 * an index that every record meets: what others do tells which.
 */
const CAUSED_BY_EITHER: string = SQLSTATE.uniqueViolation;

export function suspectOf(error: unknown): Suspect {
  if (error instanceof PoisonError) return 'record';
  const state = sqlState(error);
  if (state === null || state === CAUSED_BY_EITHER) return 'unknown';
  return CAUSED_BY_RECORDS.test(state) ? 'record' : 'database';
}

/** What is known of a record that failed alone. */
export type FailedRecord = {
  /** Times that it was tried. */
  attempts: number;
  /** Milliseconds since it failed first. */
  sinceMs: number;
  /** Whether another record was taken in since then: the code works, and so does the database. */
  haveOthersSucceeded: boolean;
  /** Whether the record that was put aside last failed alike, and none has succeeded since: two in a row are no accident. */
  isLikeLastPutAside: boolean;
};

/** Tries of a record before it is put aside. */
const MAX_ATTEMPTS = 3;
/** Without other records to compare with, a failure of our own code may pass in this time, as in a rolling deploy. */
const PATIENCE_MS = 60_000;

/** `again`: immediately. `wait`: the partition stops, and the record is tried later. */
export function verdictOn(suspect: Suspect, failed: FailedRecord): 'again' | 'put_aside' | 'wait' {
  if (suspect === 'database') return 'wait';
  if (failed.attempts < MAX_ATTEMPTS) return 'again';
  if (suspect === 'record' || failed.haveOthersSucceeded) return 'put_aside';
  return failed.isLikeLastPutAside || failed.sinceMs < PATIENCE_MS ? 'wait' : 'put_aside';
}

type Entry = { attempts: number; firstFailedAtMs: number; successesBefore: number; problem: string | null };

/** A record that took longer than the database allows, alone. */
type Overrun = { count: number; notBeforeMs: number; problem: string };

/** A record that was over a limit is likely to be so again, and each try is work for the database. */
const OVERRUN_RETRY = { baseMs: 1_000, maxMs: 60_000 };
/** A record that was not tried again for as long is not ours any more, in milliseconds. */
const OVERRUN_FORGOTTEN_MS = 300_000;

/** How often the same stoppage is logged again, in milliseconds. */
const SAY_AGAIN_MS = 60_000;

/** Records that failed, by place, for one service. */
export class Stoppages {
  readonly #failing = new Map<string, Entry>();
  readonly #saidAtMs = new Map<string, number>();
  readonly #overruns = new Map<string, Overrun>();
  readonly #monotonicMs: () => number;
  readonly #random: () => number;
  #successCount = 0;
  #lastPutAside: { kind: string; successesBefore: number } | null = null;

  constructor(monotonicMs: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#monotonicMs = monotonicMs;
    this.#random = random;
  }

  /** A sentence for each partition that has stopped for a reason that no record causes. */
  get problems(): string[] {
    const failing = [...this.#failing.values()].flatMap(({ problem }) => (problem === null ? [] : [problem]));
    // A partition that has gone to another process is tried there.
    const oldest = this.#monotonicMs() - OVERRUN_FORGOTTEN_MS;
    const overrunning = [...this.#overruns.values()].filter(({ notBeforeMs }) => notBeforeMs > oldest);
    return [...failing, ...overrunning.map(({ problem }) => problem)];
  }

  /** Records taken in so far. */
  get successCount(): number {
    return this.#successCount;
  }

  succeeded(records: readonly InRecord[]): void {
    this.#successCount += records.length;
    if (this.#failing.size + this.#overruns.size > 0) for (const record of records) this.#forget(record);
  }

  /** The record is a dead letter. That proves nothing about the others: only a record that was taken in does. */
  wasPutAside(record: InRecord): void {
    this.#forget(record);
  }

  #forget(record: InRecord): void {
    this.#failing.delete(placeOf(record));
    this.#overruns.delete(placeOf(record));
  }

  /**
   * Notes a record that exceeded a limit of the database although it was taken alone. It may be correct, so it is tried
   * again without end, later each time.
   */
  overran(record: InRecord, error: unknown): { attempts: number; waitMs: number } {
    const count = (this.#overruns.get(placeOf(record))?.count ?? 0) + 1;
    const waitMs = backoff(count, OVERRUN_RETRY, this.#random());
    const problem = `${record.topic}/${record.partition} has stopped: ${describe(error)}`;
    this.#overruns.set(placeOf(record), { count, notBeforeMs: this.#monotonicMs() + waitMs, problem });
    return { attempts: count, waitMs };
  }

  /** Milliseconds until a record that overran alone may be tried again; null for any other. Such a one is tried alone. */
  waitOf(record: InRecord): number | null {
    if (this.#overruns.size === 0) return null;
    const overrun = this.#overruns.get(placeOf(record));
    return overrun === undefined ? null : Math.max(0, overrun.notBeforeMs - this.#monotonicMs());
  }

  /**
   * Notes a failure of a record that was taken alone, and decides.
   *
   * @param successesBefore `successCount` when the batch of the record failed: what was taken in since then proves something
   */
  failed(
    record: InRecord,
    error: unknown,
    successesBefore: number,
  ): { verdict: 'again' | 'put_aside' | 'wait'; attempts: number } {
    const place = placeOf(record);
    const entry = this.#failing.get(place) ?? {
      attempts: 0,
      firstFailedAtMs: this.#monotonicMs(),
      successesBefore,
      problem: null,
    };
    entry.attempts += 1;
    this.#failing.set(place, entry);
    const kind = kindOf(error);
    const verdict = verdictOn(suspectOf(error), {
      attempts: entry.attempts,
      sinceMs: this.#monotonicMs() - entry.firstFailedAtMs,
      haveOthersSucceeded: this.#successCount > entry.successesBefore,
      isLikeLastPutAside:
        this.#lastPutAside?.kind === kind && this.#lastPutAside.successesBefore === this.#successCount,
    });
    if (verdict === 'put_aside') this.#lastPutAside = { kind, successesBefore: this.#successCount };
    if (verdict === 'wait') entry.problem = `${record.topic}/${record.partition} has stopped: ${describe(error)}`;
    return { verdict, attempts: entry.attempts };
  }

  /** Whether a stoppage of this kind has to be said now: once a minute is enough for it to be heard. */
  isToBeSaid(error: unknown): boolean {
    const now = this.#monotonicMs();
    const saidAtMs = this.#saidAtMs.get(kindOf(error));
    if (saidAtMs !== undefined && now - saidAtMs < SAY_AGAIN_MS) return false;
    this.#saidAtMs.set(kindOf(error), now);
    return true;
  }
}

/** What an operator has to check after a failure that no record causes. */
export function adviceOn(error: unknown): string {
  const state = sqlState(error) ?? '';
  if (state === '42501')
    return 'Grant the role of DATABASE_URL the missing permission; nothing is lost in the meantime.';
  if (state === SQLSTATE.uniqueViolation) {
    return 'A row or an index is corrupt or was changed: check the log of Postgres, and its indexes with amcheck.';
  }
  if (/^(42|23)/.test(state)) {
    return 'The schema is not that of this version: compare the versions of all processes with the applied migrations.';
  }
  if (state !== '') return 'Check the log of Postgres; nothing is lost in the meantime.';
  return 'This is a bug of Runlane: nothing is lost, and a fixed version will go on here. Please report it.';
}

export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function kindOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return state;
  return String(error);
}

function placeOf({ topic, partition, offset }: InRecord): string {
  return `${topic}/${partition}/${offset}`;
}
