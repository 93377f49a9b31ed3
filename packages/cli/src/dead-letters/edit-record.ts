import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../command-error.ts';
import type { Letter } from './dead-letter.ts';
import type { Kafka } from '../deployment-kafka.ts';
import { editableText, replacedRecord } from './replace-record.ts';
import type { EditedRecord } from './replace-record.ts';
import type { Environment } from '../settings.ts';

/**
 * Opens the value of a letter in $VISUAL or $EDITOR: JSON indented, anything else as it is. An unchanged value keeps its
 * bytes.
 *
 * Thrown: CommandError without an editor, and when it fails.
 */
export async function editedRecord(letter: Letter, environment: Environment, kafka: Kafka): Promise<EditedRecord> {
  const { key, value } = letter.record;
  const before = await editableText(letter, kafka);
  const after = edit(before, letter, environment);
  return after === before ? { key, value } : replacedRecord(letter, after, kafka);
}

function edit(text: string, { id, code, message }: Letter, environment: Environment): string {
  const editor = environment['VISUAL'] || environment['EDITOR'];
  if (!editor) throw new CommandError('Neither VISUAL nor EDITOR is set: set EDITOR to the editor to open.');
  const directory = mkdtempSync(join(tmpdir(), 'runlane-edit-'));
  const file = join(directory, `dead-letter-${id.replace('/', '-')}.json`);
  try {
    writeFileSync(file, text, { mode: 0o600 });
    process.stderr.write(`${id}: ${code}: ${message}\n`);
    // The variable may hold arguments, as in `code --wait`.
    const { status, error } = spawnSync('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    if (error !== undefined || status !== 0) {
      throw new CommandError(
        `The editor (${editor}) ended with ${error?.message ?? `code ${status}`}; nothing was changed.`,
      );
    }
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}
