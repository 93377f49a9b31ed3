import { eventHeaders } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { OutRecord } from '@runlane/kafka';
import { statusEvent } from '@runlane/testkit';

/** A terminal event of a run of its own: about 900 bytes, as run-consumer publishes it. */
export function terminalEvent(webhook: string): RunStatusEvent {
  return statusEvent({
    graph_id: 'bench',
    metadata: { tenant: 'a tenant of usual length' },
    values: { answer: 'a final state of some length, such as a short text that a model has written' },
    webhook,
  });
}

export function eventRecord(topic: string, event: RunStatusEvent): OutRecord {
  return {
    topic,
    key: event.thread_id,
    value: Buffer.from(JSON.stringify(event)),
    headers: eventHeaders(event, '/bench', null),
  };
}
