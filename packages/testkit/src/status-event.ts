import { randomUUID } from 'node:crypto';
import { STATUS_OF_EVENT_TYPE } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';

/** A status event as Runlane publishes it, of a run of its own: `run.succeeded` unless the fields say otherwise. */
export function statusEvent(fields: Partial<RunStatusEvent> = {}): RunStatusEvent {
  const now = new Date().toISOString();
  const type = fields.type ?? 'run.succeeded';
  return {
    event_id: randomUUID(),
    type,
    sequence: 3,
    occurred_at: now,
    run_id: randomUUID(),
    thread_id: randomUUID(),
    assistant_id: randomUUID(),
    graph_id: 'lane',
    attempt: 1,
    multitask_strategy: 'enqueue',
    metadata: {},
    created_at: now,
    updated_at: now,
    run_started_at: now,
    run_ended_at: now,
    status: STATUS_OF_EVENT_TYPE[type],
    thread_status: 'idle',
    reason: null,
    superseded_by: null,
    blocked_by: null,
    interrupts: null,
    interrupts_omitted: false,
    next: [],
    checkpoint_id: null,
    values: { answer: 42 },
    values_omitted: false,
    error: null,
    webhook: null,
    ...fields,
  };
}
