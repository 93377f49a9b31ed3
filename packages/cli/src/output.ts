/** How commands write: lines of JSON for programs, words and tables for people. */

/** Prints one line: an object as JSON, or the words for a person. */
export type Print = (object: object, words: string) => void;

/** What a command writes with. */
export type Output = {
  print: Print;
  /** Rows as one table for people, under these headings; one object a line otherwise. */
  printTable: (headings: readonly string[], rows: readonly TableRow[]) => void;
  /** Words for people alone. */
  say: (words: string) => void;
};

/** A row: the object as JSON, and the cells for a person. */
export type TableRow = { object: object; cells: readonly string[] };

export const JSON_FLAG = ['--json', 'lines of JSON, also on a terminal'] as const;
export type WithJson<Flags> = Flags & { json?: boolean };

export function outputOf(out: (text: string) => void, asJson: boolean): Output {
  const line = (text: string): void => out(`${text}\n`);
  const jsonLine = (object: object): void => line(JSON.stringify(object));
  return {
    print: (object, words) => (asJson ? jsonLine(object) : line(words)),
    printTable: (headings, rows) => {
      if (asJson) for (const { object } of rows) jsonLine(object);
      else
        out(
          table(
            headings,
            rows.map(({ cells }) => cells),
          ),
        );
    },
    say: (words) => {
      if (!asJson) line(words);
    },
  };
}

/** The end of a help text. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ runlane ${line}\n`).join('')}`;
}

/** An instant for people: UTC, to the second. */
export function timeText(at: Date | null): string {
  return at === null ? '' : `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((cells) => cells.map(oneLine));
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const text = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return lines.map((cells) => `${text(cells).trimEnd()}\n`).join('');
}

/** Control characters in a thread's id or in a message must not reach the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
