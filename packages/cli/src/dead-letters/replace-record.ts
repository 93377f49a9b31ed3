import { isJsonObject } from '@runlane/contracts';
import { parseJson } from '@runlane/kafka';
import type { Letter } from './dead-letter.ts';
import type { Kafka } from '../deployment-kafka.ts';

/** Key and value of a record to publish. */
export type EditedRecord = { key: Buffer | null; value: Buffer | null };

/** The value of a letter as people edit it: JSON indented, anything else as it is. */
export async function editableText(letter: Letter, kafka: Pick<Kafka, 'codec'>): Promise<string> {
  return indented(await withoutFrame(letter.record.value ?? Buffer.alloc(0), kafka));
}

/**
 * The record with another value. The key follows it, as admission wants it: the thread_id, or of a stateless run the key that
 * it had; and with a registry the value gets a frame of the present schema.
 */
export async function replacedRecord(
  letter: Letter,
  text: string,
  kafka: Pick<Kafka, 'codec' | 'topics'>,
): Promise<EditedRecord> {
  const { key } = letter.record;
  const bytes = Buffer.from(text);
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

/** A frame of an unknown schema cannot be decoded and is cut off; the rest gets a new frame. */
async function withoutFrame(value: Buffer, { codec }: Pick<Kafka, 'codec'>): Promise<Buffer> {
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
