import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The last 20 lines of a text. */
export function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}

/** The last 20 lines of a log that was `from` bytes long when the server started, and the log's path. */
export async function lastWordsIn(file: string, from: number): Promise<string> {
  const text = existsSync(file) ? (await readFile(file)).subarray(from).toString() : '';
  return `${lastLines(text)}\n(log: ${file})`;
}
