import type { DeadLetterReason } from '../dead-letter.ts';
import { checkJson } from '../json.ts';
import type { Json } from '../json.ts';
import { parseRunCancel } from './run-cancel.ts';
import type { RunCancel } from './run-cancel.ts';
import { parseRunCreate } from './run-create.ts';
import type { RunCreate } from './run-create.ts';

/** What a value asks for, or why a record with it is a dead letter. */
export type RequestReading =
  | { kind: 'create'; request: RunCreate }
  | { kind: 'cancel'; request: RunCancel }
  | { kind: 'dead_letter'; reason: DeadLetterReason };

/** Levels of nesting that a request may have. */
export const MAX_REQUEST_DEPTH = 256;

/** Most bytes of metadata as JSON: every event of the run carries it, beside values and interrupts, in at most 8 MiB. */
const MAX_METADATA_BYTES = 1024 * 1024;

/**
 * Reads the value of a request by every rule that needs only the value. Admission uses it, and so do producers: one that
 * asks first gets the message of the dead letter that its request would become.
 *
 * @param type the `ce_type` header; null when absent
 */
export function readRequest(json: Json, type: string | null): RequestReading {
  const storable = checkJson(json, { maxDepth: MAX_REQUEST_DEPTH });
  switch (storable.kind) {
    case 'too_deep':
      return deadLetter('too_deep', `The request nests deeper than ${MAX_REQUEST_DEPTH} levels. Flatten it.`);
    case 'unstorable':
      return deadLetter('unstorable_json', `${storable.path}: ${storable.why}`);
    case 'ok':
      break;
  }
  switch (type) {
    case null:
    case 'run.create':
      return readCreate(json);
    case 'run.cancel':
      return readCancel(json);
    default:
      return deadLetter(
        'unknown_type',
        `Header ce_type is ${JSON.stringify(type.slice(0, 100))}. Use run.create (or no ce_type) or run.cancel.`,
      );
  }
}

/** Why a request of so many bytes is not taken; null when it is. */
export function requestSizeProblem(bytes: number, maxBytes: number): DeadLetterReason | null {
  if (bytes <= maxBytes) return null;
  return {
    code: 'too_large',
    message:
      `The value has ${bytes} bytes; at most ${maxBytes} are taken (RUNLANE_MAX_REQUEST_BYTES). ` +
      'Store large content elsewhere and send a reference.',
  };
}

function readCreate(json: Json): RequestReading {
  const parsed = parseRunCreate(json);
  if (parsed.kind === 'invalid') return deadLetter('invalid_request', parsed.problems.join(' '));
  const { request } = parsed;
  // Measured as every event of the run will hold it: 1e20 written out takes more bytes than in the request.
  if (request.metadata !== null && Buffer.byteLength(JSON.stringify(request.metadata)) > MAX_METADATA_BYTES) {
    return deadLetter('too_large', `metadata takes more than ${MAX_METADATA_BYTES} bytes in each event. Shorten it.`);
  }
  return { kind: 'create', request };
}

function readCancel(json: Json): RequestReading {
  const parsed = parseRunCancel(json);
  if (parsed.kind === 'invalid') return deadLetter('invalid_request', parsed.problems.join(' '));
  return { kind: 'cancel', request: parsed.request };
}

function deadLetter(code: DeadLetterReason['code'], message: string): RequestReading {
  return { kind: 'dead_letter', reason: { code, message } };
}
