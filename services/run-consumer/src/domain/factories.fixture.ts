import {
  fingerprintOfJson,
  parseRunCancel,
  parseRunCreate,
  runIdOfRecord,
  threadIdOfStatelessRun,
} from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import type { StoredAssistant } from './assistant.ts';
import { assistantDirectory } from './assistant-directory.ts';
import type { InFlightRun, Lane } from './lane.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';

/** Assistants that the domain tests know. */
export const assistants = assistantDirectory(['chat', 'worker']);

/** A stored assistant of the graph `chat`. */
export function storedAssistant(content: Partial<StoredAssistant> & { assistantId: string }): StoredAssistant {
  return {
    version: 1,
    graphId: 'chat',
    name: 'chat',
    description: null,
    metadata: {},
    config: null,
    context: null,
    ...content,
  };
}

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

/** A valid cancel as admission sees it, at the given offset of partition 0. */
export function cancelAt(offset: number, json: Record<string, Json>): CancelRequest {
  const parsed = parseRunCancel(json);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join(' '));
  const coordinates = { topic: 'requests', partition: 0, offset: BigInt(offset), timestampMs: 1_000 + offset };
  return { kind: 'cancel', request: parsed.request, coordinates };
}

/** A run in flight that an earlier batch admitted, from offset 0 of another topic. */
export function storedRun(runId: string, state: InFlightRun['state'] = 'pending'): InFlightRun {
  const source = { topic: 'earlier', partition: 0, offset: 0n };
  return { runId, state, source, isStored: true, isAskedToStop: false };
}

/** A thread with waiting runs, or with runs in the given `states`, in this order. */
export function busyLane(runIds: readonly string[], states: readonly InFlightRun['state'][] = []): Lane {
  return { ...idleLane(), inFlight: runIds.map((runId, index) => storedRun(runId, states[index])) };
}

/** An existing thread on which nothing runs. */
export function idleLane(threadId = 't1'): Lane {
  return {
    threadId,
    exists: true,
    isTemporary: false,
    firstPartition: 0,
    restingStatus: 'idle',
    inFlight: [],
    nextPosition: 4n,
    waitingCount: 0,
    lastOffset: null,
  };
}
