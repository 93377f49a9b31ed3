import { STATUS_OF_EVENT_TYPE } from '@runlane/contracts';
import type {
  JsonObject,
  MultitaskStrategy,
  RunStatusEvent,
  RunStatusEventType,
  ThreadStatus,
} from '@runlane/contracts';
import type { EventDetails } from './settlement.ts';
import { webhookOfEvent } from './webhook-target.ts';
import type { WebhookJudge, WebhookWish } from './webhook-target.ts';

/** An event as the outbox holds it, together with what never changes about its run. */
export type OutboxEntry = WebhookWish & {
  outboxId: bigint;
  eventId: string;
  type: RunStatusEventType;
  sequence: number;
  occurredAt: Date;
  runId: string;
  threadId: string;
  attempt: number;
  threadStatus: ThreadStatus | null;
  details: EventDetails;
  runStartedAt: Date | null;
  runEndedAt: Date | null;
  assistantId: string;
  graphId: string | null;
  multitaskStrategy: MultitaskStrategy;
  metadata: JsonObject;
  createdAt: Date;
  traceparent: string | null;
};

/** Composes the status event. Every field is present, and null where it does not apply. */
export function statusEventOf(entry: OutboxEntry, judgeWebhook: WebhookJudge): RunStatusEvent {
  const { details } = entry;
  return {
    event_id: entry.eventId,
    type: entry.type,
    sequence: entry.sequence,
    occurred_at: entry.occurredAt.toISOString(),
    run_id: entry.runId,
    thread_id: entry.threadId,
    assistant_id: entry.assistantId,
    graph_id: entry.graphId,
    attempt: entry.attempt,
    multitask_strategy: entry.multitaskStrategy,
    metadata: entry.metadata,
    metadata_omitted: false,
    created_at: entry.createdAt.toISOString(),
    updated_at: entry.occurredAt.toISOString(),
    run_started_at: entry.runStartedAt?.toISOString() ?? null,
    run_ended_at: entry.runEndedAt?.toISOString() ?? null,
    status: STATUS_OF_EVENT_TYPE[entry.type],
    thread_status: entry.threadStatus,
    reason: details.reason ?? null,
    superseded_by: details.superseded_by ?? null,
    blocked_by: details.blocked_by ?? null,
    interrupts: details.interrupts ?? null,
    interrupts_omitted: details.interrupts_omitted ?? false,
    interrupts_lossy: details.interrupts_lossy ?? false,
    next: details.next ?? null,
    checkpoint_id: details.checkpoint_id ?? null,
    values: details.values ?? null,
    values_omitted: details.values_omitted ?? false,
    values_lossy: details.values_lossy ?? false,
    usage: details.usage ?? null,
    abandoned_interrupts: details.abandoned_interrupts ?? null,
    error: details.error ?? null,
    webhook: webhookOfEvent(entry, entry.type, judgeWebhook),
  };
}

/**
 * The JSON of an event, small enough for its topic: `smallerEvent` removes parts until it has at most `maxBytes`, or until
 * nothing more can be left out. An event that fits as it is is serialised once.
 */
export function fittingJson(event: RunStatusEvent, maxBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(event));
  const smaller = json.length > maxBytes ? smallerEvent(event) : null;
  return smaller === null ? json : fittingJson(smaller, maxBytes);
}

/**
 * The event without the next part that may be left out, which is marked as omitted: its values, then its interrupts, then
 * its metadata. Null when none of them is left; the other fields always stay.
 */
export function smallerEvent(event: RunStatusEvent): RunStatusEvent | null {
  if (event.values !== null) return { ...event, values: null, values_omitted: true, values_lossy: false };
  if (event.interrupts !== null) {
    return { ...event, interrupts: null, interrupts_omitted: true, interrupts_lossy: false };
  }
  if (Object.keys(event.metadata).length > 0) return { ...event, metadata: {}, metadata_omitted: true };
  return null;
}
