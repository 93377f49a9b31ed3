/** What an audit has seen in the topics. */
import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { Expectation } from '@runlane/run-consumer/audit';

/** A record of the request topic, and what has to become of it. */
export type AskedRecord = {
  place: string;
  partition: number;
  offset: bigint;
  timestampMs: number;
  expected: Expectation;
};

/** What is looked at of an event. */
export type LookedAt = Pick<RunStatusEvent, 'event_id' | 'run_id' | 'thread_id' | 'type' | 'sequence' | 'webhook'>;

/** An event with a webhook, and where it lies. */
export type WebhookEvent = { eventId: string; partition: number; offset: bigint };

/** The events of a run that are in the status topic. */
export type SeenRun = {
  threadId: string;
  /**
   * Event ids by sequence, in the order in which they lie in the topic. Repeats of an event have its id, so more than one id is
   * more than one event.
   */
  events: Map<number, Set<string>>;
  terminalIds: Set<string>;
  /** The sequence of the first event that ends it. */
  endSequence: number | null;
  /** When the latest one was written, Unix time. */
  lastAtMs: number;
};

/** What happens to a run once, save that one that is handed over begins again. */
export type Step = { runId: string; kind: 'admitted' | 'began' | 'ended' };

export class SeenEvents {
  readonly runs = new Map<string, SeenRun>();
  /** By thread, in the order in which the events lie in the topic; without repeats. */
  readonly steps = new Map<string, Step[]>();
  readonly withWebhook: WebhookEvent[] = [];
  count = 0;
  unreadableCount = 0;

  add(event: LookedAt, at: { partition: number; offset: bigint; timestampMs: number }): void {
    this.count += 1;
    const run = this.#run(event);
    run.lastAtMs = Math.max(run.lastAtMs, at.timestampMs);
    const ids = run.events.get(event.sequence);
    if (ids?.has(event.event_id) !== true) this.#step(event);
    if (ids === undefined) run.events.set(event.sequence, new Set([event.event_id]));
    else ids.add(event.event_id);
    if (isTerminalEventType(event.type)) {
      run.terminalIds.add(event.event_id);
      run.endSequence ??= event.sequence;
    }
    if (event.webhook !== null)
      this.withWebhook.push({ eventId: event.event_id, partition: at.partition, offset: at.offset });
  }

  #step({ run_id: runId, thread_id: threadId, type, sequence }: LookedAt): void {
    const kinds: Step['kind'][] = [];
    if (sequence === 1) kinds.push('admitted');
    if (type === 'run.running') kinds.push('began');
    if (isTerminalEventType(type)) kinds.push('ended');
    const steps = kinds.map((kind) => ({ runId, kind }));
    const known = this.steps.get(threadId);
    if (known === undefined) this.steps.set(threadId, steps);
    else known.push(...steps);
  }

  #run({ run_id: runId, thread_id: threadId }: LookedAt): SeenRun {
    const known = this.runs.get(runId);
    if (known !== undefined) return known;
    const run: SeenRun = { threadId, events: new Map(), terminalIds: new Set(), endSequence: null, lastAtMs: 0 };
    this.runs.set(runId, run);
    return run;
  }
}
