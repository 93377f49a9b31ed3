import { fingerprintOfJson, parseRunCreate, runIdOfRecord, threadIdOfStatelessRun } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { assistantDirectory } from './admission.ts';
import type { Lane } from './admission.ts';
import type { RunRequest } from './run-request.ts';

/** Assistants that the domain tests know. */
export const assistants = assistantDirectory(['chat', 'worker']);

/** A valid request as admission sees it, at the given offset of partition 0. */
export function requestAt(offset: number, json: Record<string, Json> = {}): RunRequest {
  const body: Json = { thread_id: 't1', assistant_id: 'chat', input: {}, ...json };
  const parsed = parseRunCreate(body);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join(' '));
  const coordinates = { topic: 'requests', partition: 0, offset: BigInt(offset), timestampMs: 1_000 + offset };
  const recordId = runIdOfRecord(coordinates);
  return {
    kind: 'create',
    runId: parsed.request.run_id ?? recordId,
    recordId,
    threadId: parsed.request.thread_id ?? threadIdOfStatelessRun(parsed.request.run_id ?? recordId),
    fingerprint: fingerprintOfJson(body),
    webhookRefusal: null,
    request: parsed.request,
    coordinates,
    traceparent: null,
  };
}

/** An existing thread on which nothing runs. */
export function idleLane(threadId = 't1'): Lane {
  return { threadId, exists: true, firstPartition: 0, status: 'idle', head: null, nextPosition: 4n };
}
