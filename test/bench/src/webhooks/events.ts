import { randomUUID } from 'node:crypto';
import { eventHeaders } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { OutRecord } from '@runlane/kafka';

/** A terminal event of a run of its own: about 900 bytes, as run-consumer publishes it. */
export function terminalEvent(webhook: string): RunStatusEvent {
  const now = new Date().toISOString();
  return {
    event_id: randomUUID(),
    type: 'run.succeeded',
    sequence: 3,
    occurred_at: now,
    run_id: randomUUID(),
    thread_id: randomUUID(),
    assistant_id: randomUUID(),
    graph_id: 'bench',
    attempt: 1,
    multitask_strategy: 'enqueue',
    metadata: { tenant: 'a tenant of usual length' },
    created_at: now,
    updated_at: now,
    run_started_at: now,
    run_ended_at: now,
    status: 'success',
    thread_status: 'idle',
    reason: null,
    superseded_by: null,
    blocked_by: null,
    interrupts: null,
    interrupts_omitted: false,
    next: [],
    checkpoint_id: null,
    values: { answer: 'a final state of some length, such as a short text that a model has written' },
    values_omitted: false,
    error: null,
    webhook,
  };
}

export function eventRecord(topic: string, event: RunStatusEvent): OutRecord {
  return {
    topic,
    key: event.thread_id,
    value: Buffer.from(JSON.stringify(event)),
    headers: eventHeaders(event, '/bench', null),
  };
}
