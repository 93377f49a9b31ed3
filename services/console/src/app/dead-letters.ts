/** Dead letters as the console has them: a page of them, one of them, and its redrive. */
import type { LettersPlace } from '../domain/letters-place.ts';

/** A letter without its value. `at`: when it was written. */
export type LetterRow = {
  /** `partition/offset` in the topic of dead letters. */
  id: string;
  at: Date;
  key: string | null;
  code: string;
  message: string;
  /** Where the record lay that failed. */
  source: string;
  /** Null without a value. */
  valueBytes: number | null;
  /** The letter that the record was published again from. */
  redriveOf: string | null;
};

/** `text`: the value as people edit it; `isText`: its bytes are text, and `text` not what could be made of them. */
export type ShownLetter = LetterRow & { text: string; isText: boolean; headers: [string, string[]][] };

/** `next` is null when nothing older is left. */
export type LettersPage = { letters: LetterRow[]; next: LettersPlace | null };

export type RedriveVerdict = { kind: 'redriven'; place: string } | { kind: 'refused'; why: string };

/** Its calls reject with RetryableError while no broker answers. */
export interface DeadLetters {
  /** The latest first. */
  page(before: LettersPlace | null): Promise<LettersPage>;
  /** Null: the topic has no such letter. */
  show(id: string): Promise<ShownLetter | null>;
  /** Publishes the record again, with another value where one is given; refuses what was redriven before unless `isAgain`. */
  redrive(redrive: { id: string; text: string | null; isAgain: boolean }): Promise<RedriveVerdict>;
}
