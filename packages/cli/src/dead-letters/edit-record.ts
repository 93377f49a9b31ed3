import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject } from '@runlane/contracts';
import { parseJson } from '@runlane/kafka';
import { CommandError } from '../command-error.ts';
import type { Letter } from './dead-letter.ts';
import type { Kafka } from '../deployment-kafka.ts';
import type { Environment } from '../settings.ts';

/** Key and value of a record to publish. */
export type EditedRecord = { key: Buffer | null; value: Buffer | null };

/**
 * Lets a person edit the value of a letter in $VISUAL or $EDITOR: JSON indented, anything else as it is. What is left
 * unchanged keeps its bytes. Of a changed value the key follows, as admission wants it: the thread_id, or of a stateless run
 * the key that it had; and with a registry it gets a frame of the present schema.
 *
 * Thrown: CommandError without an editor, and when it fails.
 */
export async function editedRecord(letter: Letter, environment: Environment, kafka: Kafka): Promise<EditedRecord> {
  const { key, value } = letter.record;
  const before = indented(await withoutFrame(value ?? Buffer.alloc(0), kafka));
  const after = edit(before, letter, environment);
  if (after === before) return { key, value };
  const bytes = Buffer.from(after);
  const json = parsed(bytes);
  if (!isJsonObject(json)) return { key, value: bytes };
  const threadId = json['thread_id'];
  const name =
    letter.record.headers.get('ce_type')?.at(-1)?.toString('utf8') === 'run.cancel' ? 'RunCancel' : 'RunCreate';
  return {
    key: typeof threadId === 'string' ? Buffer.from(threadId) : statelessKey(key, json['run_id']),
    value: await kafka.codec.frame(kafka.topics.requests, name, Buffer.from(JSON.stringify(json))),
  };
}

/** A stateless run has no key, or its run_id. */
function statelessKey(key: Buffer | null, runId: unknown): Buffer | null {
  return key !== null && typeof runId === 'string' ? Buffer.from(runId) : null;
}

/** A frame that cannot be taken off, because nobody knows its schema, is cut off: what is behind it gets a new one. */
async function withoutFrame(value: Buffer, { codec }: Kafka): Promise<Buffer> {
  const FRAME_BYTES = 5;
  if (value[0] !== 0) return value;
  return codec.unframe(value).catch(() => value.subarray(Math.min(FRAME_BYTES, value.length)));
}

function indented(bytes: Buffer): string {
  const json = parsed(bytes);
  return json === undefined ? bytes.toString('utf8') : `${JSON.stringify(json, null, 2)}\n`;
}

function parsed(bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
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
