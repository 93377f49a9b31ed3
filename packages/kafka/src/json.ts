import type { Json } from '@runlane/contracts';
import { PoisonError } from './errors.ts';

/** Any JSON value. */
export type JsonParseResult = Json;

// `ignoreBOM: true` keeps a byte order mark in the text, where JSON.parse refuses it: RFC 8259 allows none.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses the bytes of a record's value as JSON in strict UTF-8 (RFC 8259).
 *
 * Thrown when they are neither: PoisonError `undecodable`. Its message holds no bytes of the value, since that may
 * carry secrets.
 */
export function parseJson(bytes: Buffer): JsonParseResult {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new PoisonError(`the value (${bytes.length} bytes) is not UTF-8; send JSON in UTF-8`, {
      code: 'undecodable',
      cause: error,
    });
  }
  try {
    const value: JsonParseResult = JSON.parse(text);
    return value;
  } catch (error) {
    // Without its cause: V8 quotes the text around the mistake, and causes are logged.
    throw new PoisonError(`the value (${bytes.length} bytes) is not JSON${positionIn(error)}; send one JSON document`, {
      code: 'undecodable',
    });
  }
}

function positionIn(error: unknown): string {
  const position = error instanceof SyntaxError ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? '' : `: unexpected character at position ${position}`;
}
