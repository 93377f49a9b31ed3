/**
 * Rules that code, statements and documents cite by a code, such as I3 or H-D2. One document defines those of each letter;
 * a code that it does not define is a rule that no reader can look up.
 */

/** A file of the checkout by its path from the root. */
export type SourceFile = { path: string; text: string };

/** Which codes a document defines. It does by writing them in bold: `**I3**`. */
const DEFINITIONS: readonly { document: string; code: RegExp }[] = [
  { document: 'services/DESIGN.md', code: /(?<![\w-])I\d+\b/g },
  { document: 'packages/kafka/README.md', code: /(?<![\w-])K\d+\b/g },
  { document: 'services/webhook-dispatcher/src/adapters/http/README.md', code: /(?<![\w-])H-[A-Z]\d+\b/g },
  { document: 'test/bench/README.md', code: /(?<![\w-/])B[1-9]\d*\b/g },
];

const ELSEWHERE = /\(design \d/;
const FILE_NAME = /`([\w-]+(?:\.[\w-]+)*\.(?:ts|sql))`/g;

/** Codes that are cited and not defined, one sentence each; empty when there is none. */
export function citationProblems(files: readonly SourceFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const problems: string[] = [];
  for (const { document, code } of DEFINITIONS) {
    const definition = texts.get(document) ?? '';
    for (const { path, text } of files) {
      for (const { value, line } of matchesIn(text, code)) {
        if (!definition.includes(`**${value}**`)) {
          problems.push(`${path}:${line}: cites ${value}, which ${document} does not define. Define or correct it.`);
        }
      }
    }
    problems.push(...missingFiles(document, definition, files));
  }
  for (const { path, text } of files) {
    for (const { line } of matchesIn(text, new RegExp(ELSEWHERE, 'g'))) {
      problems.push(`${path}:${line}: cites a section of a document that is not here. Name the rule instead.`);
    }
  }
  return problems;
}

/** Files that a defining document names and that do not exist. */
function missingFiles(document: string, text: string, files: readonly SourceFile[]): string[] {
  const names = new Set(files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)));
  return [...matchesIn(text, FILE_NAME)]
    .map(({ value, line }) => ({ name: value.replaceAll('`', ''), line }))
    .filter(({ name }) => !names.has(name))
    .map(({ name, line }) => `${document}:${line}: names ${name}, and no file has that name. Correct it.`);
}

function* matchesIn(text: string, pattern: RegExp): Generator<{ value: string; line: number }> {
  for (const match of text.matchAll(pattern)) {
    yield { value: match[0], line: text.slice(0, match.index).split('\n').length };
  }
}
