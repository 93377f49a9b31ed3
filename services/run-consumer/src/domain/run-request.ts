import {
  checkJson,
  fingerprintOfJson,
  parseRunCancel,
  parseRunCreate,
  runIdOfRecord,
  threadIdOfStatelessRun,
} from '@runlane/contracts';
import type { DeadLetterReason, Json, RecordCoordinates, RunCancel, RunCreate } from '@runlane/contracts';
import { webhookRefusal } from './webhook-target.ts';
import type { WebhookJudge } from './webhook-target.ts';

/** A record whose value was decoded as JSON: what admission knows before it looks at the content. */
export type DecodedRecord = {
  coordinates: RecordCoordinates;
  /** The record key as text; null without a key. */
  key: string | null;
  /** The `ce_type` header; null when absent. */
  type: string | null;
  /** The W3C `traceparent` header, handed on to the run's events; null when absent. */
  traceparent: string | null;
  json: Json;
};

/** A valid request to run an assistant, with every identity that admission needs. */
export type RunRequest = {
  kind: 'create';
  runId: string;
  /** The id a record has of itself; a `run_id` conflict is reported under it. */
  recordId: string;
  threadId: string;
  fingerprint: string;
  /** Why the policy refuses the request's webhook; null when it does not, or when there is none. */
  webhookRefusal: string | null;
  request: RunCreate;
  coordinates: RecordCoordinates;
  traceparent: string | null;
};

/** A valid request to cancel runs. */
export type CancelRequest = { kind: 'cancel'; request: RunCancel; coordinates: RecordCoordinates };

export type Interpretation = RunRequest | CancelRequest | { kind: 'dead_letter'; reason: DeadLetterReason };

/** Levels of nesting that a request may have (design 2.2). */
export const MAX_REQUEST_DEPTH = 256;

/** Most bytes of metadata as JSON: every event of the run carries it, beside values and interrupts, in at most 8 MiB. */
const MAX_METADATA_BYTES = 1024 * 1024;

/** W3C Trace Context, version 00 and later ones that keep its beginning. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;

/** Says what a decoded record asks for, or why it is a dead letter (design 2.2, "Refusals have one mapping"). */
export function interpretRecord(record: DecodedRecord, judgeWebhook: WebhookJudge): Interpretation {
  const storable = checkJson(record.json, { maxDepth: MAX_REQUEST_DEPTH });
  switch (storable.kind) {
    case 'too_deep':
      return deadLetter('too_deep', `The request nests deeper than ${MAX_REQUEST_DEPTH} levels. Flatten it.`);
    case 'unstorable':
      return deadLetter('unstorable_json', `${storable.path}: ${storable.why}`);
    case 'ok':
      break;
  }
  switch (record.type) {
    case null:
    case 'run.create':
      return interpretCreate(record, judgeWebhook);
    case 'run.cancel':
      return interpretCancel(record);
    default:
      return deadLetter(
        'unknown_type',
        `Header ce_type is ${JSON.stringify(record.type.slice(0, 100))}. Use run.create (or no ce_type) or run.cancel.`,
      );
  }
}

function interpretCreate(record: DecodedRecord, judgeWebhook: WebhookJudge): Interpretation {
  const parsed = parseRunCreate(record.json);
  if (parsed.kind === 'invalid') return deadLetter('invalid_request', parsed.problems.join(' '));
  const { request } = parsed;
  // As it will stand in every event of the run: 1e20 written out takes more room than in the request.
  if (request.metadata !== null && Buffer.byteLength(JSON.stringify(request.metadata)) > MAX_METADATA_BYTES) {
    return deadLetter('too_large', `metadata takes more than ${MAX_METADATA_BYTES} bytes in each event. Shorten it.`);
  }
  const recordId = runIdOfRecord(record.coordinates);
  const runId = request.run_id ?? recordId;
  const mismatch = keyMismatch(record.key, request.thread_id, request.run_id);
  if (mismatch !== null) return deadLetter('key_mismatch', mismatch);
  return {
    kind: 'create',
    runId,
    recordId,
    threadId: request.thread_id ?? threadIdOfStatelessRun(runId),
    fingerprint: fingerprintOfJson(record.json),
    webhookRefusal: webhookRefusal(request, judgeWebhook),
    request,
    coordinates: record.coordinates,
    // A malformed one is ignored, as the W3C specification asks.
    traceparent: record.traceparent !== null && TRACEPARENT.test(record.traceparent) ? record.traceparent : null,
  };
}

function interpretCancel(record: DecodedRecord): Interpretation {
  const parsed = parseRunCancel(record.json);
  if (parsed.kind === 'invalid') return deadLetter('invalid_request', parsed.problems.join(' '));
  const mismatch = keyMismatch(record.key, parsed.request.thread_id, parsed.request.run_id);
  if (mismatch !== null) return deadLetter('key_mismatch', mismatch);
  return { kind: 'cancel', request: parsed.request, coordinates: record.coordinates };
}

/** With a thread the key must be its id, or its runs lose their order; a stateless run may be keyed by its `run_id`. */
function keyMismatch(key: string | null, threadId: string | null, runId: string | null): string | null {
  if (threadId !== null) {
    return key === threadId ? null : 'The record key must equal thread_id: it keeps the runs of a thread in order.';
  }
  if (key === null || key.toLowerCase() === runId) return null;
  return 'A request without thread_id must have no record key, or its run_id as the key.';
}

function deadLetter(code: DeadLetterReason['code'], message: string): Interpretation {
  return { kind: 'dead_letter', reason: { code, message } };
}
