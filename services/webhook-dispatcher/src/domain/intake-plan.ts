/**
 * What a batch of events adds to the ledger, and what it ends in it.
 *
 *   the delivery is known already                                  nothing: a repeat
 *   the policy refuses the URL                                     dead: blocked
 *   not terminal, and a newer event of its run is known            dead: superseded (it came too late to be in order)
 *   anything else                                                  due; ready unless an older one of its run is due (no replay)
 *
 * A new event also ends the older ones of its run that wait for a retry and are not terminal: superseded. One that is being
 * sent is left alone: it ends, or gives way when it fails. Replays are left alone and delay nothing: they repeat the past,
 * and have an order of their own.
 */
import type { DeadReason } from './delivery.ts';

/** An event with the URL it goes to. `refusal` says why the policy refuses it; null when it does not. */
export type TargetedEvent = {
  eventId: string;
  runId: string;
  sequence: number;
  type: string;
  isTerminal: boolean;
  /** Offset of its record. */
  offset: bigint;
  url: string;
  urlHash: string;
  origin: string;
  site: string;
  refusal: string | null;
  /** The JSON that is sent. */
  body: Buffer;
  /** W3C trace context of its record. */
  traceparent?: string | null;
};

/** A delivery of the ledger whose run occurs in the batch. */
export type KnownDelivery = {
  deliveryId: bigint;
  eventId: string;
  runId: string;
  urlHash: string;
  sequence: number;
  isDue: boolean;
  /** It is due and was attempted, and its next attempt is in the future: nobody is sending it. */
  isRetrying: boolean;
  isTerminal: boolean;
  isReplay: boolean;
};

export type NewDelivery = {
  event: TargetedEvent;
  fate: { state: 'due'; isReady: boolean } | { state: 'dead'; reason: DeadReason; detail: string };
};

export type IntakePlan = {
  /** In the order of their records. */
  deliveries: NewDelivery[];
  /** Known deliveries that end as superseded. */
  superseded: { deliveryId: bigint; bySequence: number }[];
  repeatCount: number;
};

type Queue = { known: Map<string, QueueEntry>; newestSequence: number };
type QueueEntry = { sequence: number; isDue: boolean; known: KnownDelivery | null };

/** `events` in the order of their records. */
export function planIntake(events: readonly TargetedEvent[], known: readonly KnownDelivery[]): IntakePlan {
  const queues = new Map<string, Queue>();
  for (const delivery of known) {
    addTo(queues, queueKey(delivery), delivery.eventId, { ...delivery, known: delivery });
  }
  const plan: IntakePlan = { deliveries: [], superseded: [], repeatCount: 0 };
  for (const event of events) {
    const key = queueKey(event);
    const queue = queues.get(key);
    if (queue?.known.has(event.eventId) === true) {
      plan.repeatCount += 1;
      continue;
    }
    const fate = fateOf(event, queue);
    if (fate.state === 'due') plan.superseded.push(...supersede(event, queue));
    plan.deliveries.push({
      event,
      fate: fate.state === 'due' ? { state: 'due', isReady: isFirst(event, queue) } : fate,
    });
    addTo(queues, key, event.eventId, { sequence: event.sequence, isDue: fate.state === 'due', known: null });
  }
  return plan;
}

function fateOf(event: TargetedEvent, queue: Queue | undefined): NewDelivery['fate'] {
  if (event.refusal !== null) return { state: 'dead', reason: 'blocked', detail: event.refusal };
  if (!event.isTerminal && queue !== undefined && queue.newestSequence > event.sequence) {
    const detail = `Event ${queue.newestSequence} of the run arrived before event ${event.sequence}.`;
    return { state: 'dead', reason: 'superseded', detail };
  }
  return { state: 'due', isReady: true };
}

/** Marks what the event supersedes as ended, and returns it. */
function supersede(event: TargetedEvent, queue: Queue | undefined): IntakePlan['superseded'] {
  const ended: IntakePlan['superseded'] = [];
  for (const entry of queue?.known.values() ?? []) {
    const delivery = entry.known;
    if (delivery === null || !entry.isDue || !delivery.isRetrying) continue;
    if (delivery.isTerminal || delivery.isReplay || delivery.sequence > event.sequence) continue;
    entry.isDue = false;
    ended.push({ deliveryId: delivery.deliveryId, bySequence: event.sequence });
  }
  return ended;
}

function isFirst(event: TargetedEvent, queue: Queue | undefined): boolean {
  return [...(queue?.known.values() ?? [])].every(
    (entry) => !entry.isDue || entry.known?.isReplay === true || entry.sequence > event.sequence,
  );
}

function addTo(queues: Map<string, Queue>, key: string, eventId: string, entry: QueueEntry): void {
  const queue = queues.get(key) ?? { known: new Map<string, QueueEntry>(), newestSequence: 0 };
  queue.known.set(eventId, { sequence: entry.sequence, isDue: entry.isDue, known: entry.known });
  queue.newestSequence = Math.max(queue.newestSequence, entry.sequence);
  queues.set(key, queue);
}

/** Events of one run to one URL keep their order. */
export function queueKey({ runId, urlHash }: { runId: string; urlHash: string }): string {
  return `${runId} ${urlHash}`;
}
