/** Dead letters for the console: a page of them, a single one, and its redrive. */
import type { LettersPlace } from '../domain/letters-place.ts';

/** A letter without its value. `at`: when it was written. */
export type LetterRow = {
  /** `partition/offset` in the topic of dead letters. */
  id: string;
  at: Date;
  key: string | null;
  code: string;
  message: string;
  /** Position of the record that failed. */
  source: string;
  /** Null when the record has no value. */
  valueBytes: number | null;
  /** The dead letter from which this record was redriven. */
  redriveOf: string | null;
};

/** `text`: the value as people edit it; `isText`: false when the bytes are no text, and `text` only approximates them. */
export type ShownLetter = LetterRow & { text: string; isText: boolean; headers: [string, string[]][] };

/** `next` is null on the last page. */
export type LettersPage = { letters: LetterRow[]; next: LettersPlace | null };

export type RedriveVerdict = { kind: 'redriven'; place: string } | { kind: 'refused'; why: string };

/** All calls reject with RetryableError while no broker answers. */
export interface DeadLetters {
  /** The newest first. */
  page(before: LettersPlace | null): Promise<LettersPage>;
  /** Null: the topic has no such letter. */
  show(id: string): Promise<ShownLetter | null>;
  /** Publishes the record again, with the given value if there is one. Refuses a record that was redriven before, unless `isAgain`. */
  redrive(redrive: { id: string; text: string | null; isAgain: boolean }): Promise<RedriveVerdict>;
}
