/** Everything that was seen of a chaos run from outside, for the judges. */
import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { SideEffect } from '../../e2e/src/faults/overlaps.ts';

/** Path of the URLs that give no answer, on the same host as those that answer. */
export const SILENT_PATH = '/silent';

/** A record of the request topic, in the order of its partition. */
export type LoggedRequest = {
  partition: number;
  offset: bigint;
  isCancel: boolean;
  /** Null when it is no request. */
  body: Record<string, unknown> | null;
};

/** A record of the status topic; the same event may come again. */
export type PublishedEvent = { bytes: string; event: RunStatusEvent };

/** A request that a receiver of webhooks got. */
export type Delivery = {
  isSigned: boolean;
  eventId: string;
  runId: string;
  sequence: number;
  type: string;
};

export type History = {
  /** What has gone wrong, by kind. */
  faultKinds: readonly string[];
  requests: LoggedRequest[];
  events: PublishedEvent[];
  /** Ids of the events that were published and that a ledger which was put back knows nothing of. */
  forgotten: ReadonlySet<string>;
  /** How often the ledger was put back. */
  putBackCount: number;
  /** Coordinates `partition/offset` of the records that became dead letters. */
  deadLetters: string[];
  /** What the graphs have noted themselves. */
  effects: SideEffect[];
  /** When processes were killed or frozen, Unix milliseconds by process id. */
  silences: ReadonlyMap<number, readonly number[]>;
  /** The state of each thread as the stock saver reads it; null without one. */
  states: ReadonlyMap<string, Record<string, unknown> | null>;
  deliveries: { honest: Delivery[]; honestOrigin: string };
  /** Connections to the origin that the policy of webhooks denies. */
  deniedConnections: number;
  deniedOrigin: string;
  /** Secrets by what they are. */
  secrets: ReadonlyMap<string, string>;
  /** Logs and metrics of the services. */
  told: readonly Told[];
  /** What ended only when the stuck runs and the silent URL were released. */
  heldUp: readonly string[];
  /** Runs that were stuck at that time, and requests that had got no answer. */
  stuckCount: number;
  silentCount: number;
};

/** A text that a service has told about itself, and where. */
export type Told = { where: string; text: string };

/** A violation: the number of the law, and what breaks it. */
export type Problem = { law: string; thread: string | null; what: string };

/**
 * Events without repeats, in the order of the topic, and without those that a ledger which was put back has forgotten: what it
 * has told since is the history.
 */
export function distinctEvents(history: Pick<History, 'events' | 'forgotten'>): RunStatusEvent[] {
  return everyEvent(history).filter(({ event_id: id }) => !history.forgotten.has(id));
}

/** Events without repeats, in the order of the topic, forgotten ones too. */
export function everyEvent(history: Pick<History, 'events'>): RunStatusEvent[] {
  const byId = new Map(history.events.map(({ event }) => [event.event_id, event]));
  return [...byId.values()];
}

export function byThread(events: readonly RunStatusEvent[]): Map<string, RunStatusEvent[]> {
  return Map.groupBy(events, (event) => event.thread_id);
}

export function isTerminal({ type }: RunStatusEvent): boolean {
  return isTerminalEventType(type);
}
