/** Every command of `runlane` that a document, an alarm or a message names exists. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { program } from './program.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NAMED = /`(?:npm run -s )?runlane (?:-- )?([a-z][a-z-]*(?: [a-z-]+)*)/g;
/** What `npm run infra` prints, and the name of a connection. */
const OTHERS = ['infra ready', 'listen'];

const runlane = program({ environment: {}, devEnvFile: '', out: () => {}, err: () => {}, isTerminal: false });

/** The word that is no command; null when there is none. A command that others are below of may stand for all of them. */
function notACommand(words: string): string | null {
  let command: Command = runlane;
  for (const word of words.split(' ')) {
    if (command.commands.length === 0) return null;
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) return word;
    command = next;
  }
  return null;
}

test.each([
  ['webhooks endpoints list', null],
  ['webhooks', null],
  ['publish assistant', null],
  ['webhooks targets', 'targets'],
  ['ready', 'ready'],
])('in %s the word that is no command is %s', (words, found) => {
  expect(notACommand(words)).toBe(found);
});

test('every command that is named anywhere exists', () => {
  const files = globSync('{*.md,{packages,services,infra,test}/**/*.{md,ts}}', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules' || name === 'dist' || name.endsWith('.test.ts'),
  });
  const named = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(NAMED)].map(([, words = '']) => ({ file, words })),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ words }) => !OTHERS.includes(words) && notACommand(words) !== null)).toEqual([]);
});
