/** What an audit has seen in the topics. */
import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { Expectation } from '@runlane/run-consumer/audit';

/** A record of the request topic, and the effect that it must have. */
export type AskedRecord = {
  place: string;
  partition: number;
  offset: bigint;
  timestampMs: number;
  expected: Expectation;
};

/** The examined part of an event. */
export type LookedAt = Pick<RunStatusEvent, 'event_id' | 'run_id' | 'thread_id' | 'type' | 'sequence' | 'webhook'>;

/** An event with a webhook, and where it lies. */
export type WebhookEvent = { eventId: string; partition: number; offset: bigint };

/** Event ids, and when each was first written, Unix milliseconds. */
export type EventTimes = Map<string, number>;

/** The events of a run that are in the status topic. */
export type SeenRun = {
  threadId: string;
  /** By sequence: repeats of an event have its id, so more than one id is more than one event. */
  events: Map<number, EventTimes>;
  /** The events that end a run. */
  ends: EventTimes;
  /** When the latest one was written, Unix time. */
  lastAtMs: number;
};

/** A record of the status topic: something that has happened to a run, or a repeat of it. */
export type Step = { eventId: string; runId: string; sequence: number; type: RunStatusEvent['type']; atMs: number };

export class SeenEvents {
  readonly runs = new Map<string, SeenRun>();
  /** By thread, in the order in which they lie in the topic. */
  readonly steps = new Map<string, Step[]>();
  readonly withWebhook: WebhookEvent[] = [];
  count = 0;
  unreadableCount = 0;

  add(event: LookedAt, at: { partition: number; offset: bigint; timestampMs: number }): void {
    this.count += 1;
    const run = this.#run(event);
    run.lastAtMs = Math.max(run.lastAtMs, at.timestampMs);
    const { event_id: eventId, run_id: runId, sequence, type } = event;
    const steps = this.steps.get(event.thread_id) ?? [];
    this.steps.set(event.thread_id, steps);
    steps.push({ eventId, runId, sequence, type, atMs: at.timestampMs });
    const times = run.events.get(event.sequence) ?? new Map<string, number>();
    run.events.set(event.sequence, times);
    noteFirst(times, event.event_id, at.timestampMs);
    if (isTerminalEventType(event.type)) noteFirst(run.ends, event.event_id, at.timestampMs);
    if (event.webhook !== null)
      this.withWebhook.push({ eventId: event.event_id, partition: at.partition, offset: at.offset });
  }

  #run({ run_id: runId, thread_id: threadId }: LookedAt): SeenRun {
    const known = this.runs.get(runId);
    if (known !== undefined) return known;
    const run: SeenRun = { threadId, events: new Map(), ends: new Map(), lastAtMs: 0 };
    this.runs.set(runId, run);
    return run;
  }
}

function noteFirst(times: EventTimes, eventId: string, atMs: number): void {
  times.set(eventId, Math.min(times.get(eventId) ?? atMs, atMs));
}
