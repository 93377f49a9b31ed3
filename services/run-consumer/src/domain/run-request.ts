import { fingerprintOfJson, readRequest, runIdOfRecord, threadIdOfStatelessRun } from '@runlane/contracts';
import type { DeadLetterReason, Json, RecordCoordinates, RunCancel, RunCreate } from '@runlane/contracts';
import { webhookRefusal } from './webhook-target.ts';
import type { WebhookJudge } from './webhook-target.ts';

/** A record whose value was decoded as JSON, before admission looks at its content. */
export type DecodedRecord = {
  coordinates: RecordCoordinates;
  /** The record key as text; null without a key. */
  key: string | null;
  /** The `ce_type` header; null when absent. */
  type: string | null;
  /** The W3C `traceparent` header, which the run's events carry too; null when absent. */
  traceparent: string | null;
  json: Json;
};

/** A valid request to run an assistant, with every identity that admission needs. */
export type RunRequest = {
  kind: 'create';
  runId: string;
  /** The id that is derived from the record; a `run_id` conflict is reported under it. */
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

/** W3C Trace Context, version 00 and later versions with the same beginning. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;

/** Says what a decoded record asks for, or why it is a dead letter. */
export function interpretRecord(record: DecodedRecord, judgeWebhook: WebhookJudge): Interpretation {
  const reading = readRequest(record.json, record.type);
  if (reading.kind === 'dead_letter') return reading;
  const { thread_id, run_id } = reading.request;
  const mismatch = keyMismatch(record.key, thread_id, run_id);
  if (mismatch !== null) return { kind: 'dead_letter', reason: { code: 'key_mismatch', message: mismatch } };
  if (reading.kind === 'cancel') {
    return { kind: 'cancel', request: reading.request, coordinates: record.coordinates };
  }
  const { request } = reading;
  const recordId = runIdOfRecord(record.coordinates);
  const runId = request.run_id ?? recordId;
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

/**
 * The key of a request with a thread must be the thread's id, or its runs lose their order. A stateless run may have its
 * `run_id` as the key.
 */
function keyMismatch(key: string | null, threadId: string | null, runId: string | null): string | null {
  if (threadId !== null) {
    return key === threadId ? null : 'The record key must equal thread_id: it keeps the runs of a thread in order.';
  }
  if (key === null || key.toLowerCase() === runId) return null;
  return 'A request without thread_id must have no record key, or its run_id as the key.';
}
