import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { SILENT_PATH, distinctEvents } from '../history.ts';
import type { Delivery, History, Problem } from '../history.ts';

/**
 * I14: a receiver that takes everything has received every event that its runs asked for, signed, and nothing else; without
 * repeats, the events of each run are in order.
 */
export function judgeWebhooks(history: History): Problem[] {
  const { honestOrigin } = history.deliveries;
  // They were asked for when they were sent, and their events are told once more.
  const honest = history.deliveries.honest.filter(({ eventId }) => !history.forgotten.has(eventId));
  const wanted = distinctEvents(history).filter(({ webhook }) => isAnswered(webhook, honestOrigin));
  const byEvent = Map.groupBy(honest, ({ eventId }) => eventId);
  const wantedIds = new Set(wanted.map((event) => event.event_id));
  return [
    ...wanted.filter((event) => !byEvent.has(event.event_id) && !isSuperseded(event, history)).map(missing),
    ...honest.filter(({ eventId }) => !wantedIds.has(eventId)).map((got) => wrong(got, 'was not asked for')),
    ...honest.filter(({ isSigned }) => !isSigned).map((got) => wrong(got, 'is not signed')),
    ...[...Map.groupBy(honest, ({ runId }) => runId).values()].flatMap(outOfOrder),
  ];
}

/** The silent URL of the receiver is given up at some time, as a dead one is. */
function isAnswered(webhook: string | null, honestOrigin: string): boolean {
  return webhook?.startsWith(honestOrigin) === true && !webhook.startsWith(`${honestOrigin}${SILENT_PATH}`);
}

/**
 * A ledger that was put back tells the beginning of a run once more, behind the rest of it that it has forgotten: a dispatcher
 * that has read the rest sends no more than the end, because the run would seem to begin again.
 */
function isSuperseded({ run_id: runId, sequence, type }: RunStatusEvent, { forgotten, events }: History): boolean {
  return (
    !isTerminalEventType(type) &&
    events.some(({ event }) => event.run_id === runId && event.sequence > sequence && forgotten.has(event.event_id))
  );
}

function outOfOrder(deliveries: readonly Delivery[]): Problem[] {
  const firsts = [...Map.groupBy(deliveries, ({ eventId }) => eventId).values()].map(([first]) => first);
  const sequences = firsts.map((delivery) => delivery?.sequence ?? 0);
  const [first] = deliveries;
  const isInOrder = sequences.every((sequence, index) => sequence > (sequences[index - 1] ?? 0));
  return isInOrder || first === undefined ? [] : [wrong(first, `came in the order ${sequences.join(', ')}`)];
}

function missing({ run_id: runId, thread_id: thread, type }: RunStatusEvent): Problem {
  const end = isTerminalEventType(type) ? 'the end' : type;
  return { law: 'I14', thread, what: `the webhook of ${end} of run ${runId} has not come` };
}

function wrong({ runId, type }: Delivery, what: string): Problem {
  return { law: 'I14', thread: null, what: `the webhook ${type} of run ${runId} ${what}` };
}
