import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';

type Delivery = { event_id: string; state: string; sends: number };
type Request = { event: { event_id: string } };

/**
 * What is wrong with the webhooks of runs that want one for their end, as sentences: each end has one delivery, which has
 * arrived, and every request is one that its delivery counts.
 */
export function webhookProblems(
  events: readonly RunStatusEvent[],
  deliveries: readonly Delivery[],
  requests: readonly Request[],
): string[] {
  const ends = events.filter(({ type }) => isTerminalEventType(type)).map(({ event_id }) => event_id);
  const byEvent = Map.groupBy(deliveries, ({ event_id }) => event_id);
  const arrived = Map.groupBy(requests, ({ event }) => event.event_id);
  const problems: string[] = [];
  for (const id of new Set([...ends, ...byEvent.keys(), ...arrived.keys()])) {
    const [delivery, ...more] = byEvent.get(id) ?? [];
    const count = arrived.get(id)?.length ?? 0;
    if (!ends.includes(id)) problems.push(`webhook ${id} tells of no end of a run`);
    if (more.length > 0) problems.push(`event ${id} has ${more.length + 1} deliveries`);
    if (delivery === undefined) problems.push(`event ${id} has no delivery`);
    else if (delivery.state !== 'delivered') problems.push(`the delivery of event ${id} is ${delivery.state}`);
    if (count === 0) problems.push(`webhook ${id} has not arrived`);
    if (count > (delivery?.sends ?? 0))
      problems.push(`webhook ${id} arrived ${count} times in ${delivery?.sends ?? 0} sends`);
  }
  return problems;
}
