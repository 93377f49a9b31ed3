import { randomUUID } from 'node:crypto';
import { topicNames } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { KafkaConnection } from '@runlane/kafka';
import { codeOf, CommitError, EventsError, messageOf, RunEndedError, WaitTimeoutError } from './errors.ts';
import { startEventReader } from './event-reader.ts';
import type { EventReader, OwnedEvent, Positions } from './event-reader.ts';
import { createHandOver } from './hand-over.ts';
import type { HandOver } from './hand-over.ts';
import { connect, loggerOf } from './options.ts';
import type { ConnectionOptions } from './options.ts';
import { asRunEvent } from './run-event.ts';
import type { RunEvent } from './run-event.ts';
import { createRunWatch } from './run-watch.ts';
import type { RunWatch } from './run-watch.ts';
import { startPositions } from './start-positions.ts';

export type EventsOptions = ConnectionOptions & {
  /**
   * The consumer group. Its members share the events, and its commits say where to continue. Without a group every reader
   * gets all events, and nothing is committed.
   */
  group?: string;
  /**
   * Where to begin: at a time, at the oldest stored event, or after `open`. With a group this applies to partitions without
   * a commit. Default: `earliest` with a group, `latest` without.
   */
  from?: Date | 'earliest' | 'latest';
  /** How long the handling of one event may take before the group gives its partition to others. Default 300000 ms. */
  patienceMs?: number;
  /** Time limit of `open` in milliseconds. Default 30000. */
  timeoutMs?: number;
};

/** An event to handle, its place, and its commit. */
export type Delivery<State = unknown> = {
  event: RunEvent<State>;
  topic: string;
  partition: number;
  offset: bigint;
  /** When it was written: Unix time in milliseconds. */
  timestampMs: number;
  /**
   * Tells the group that this event, and all before it in its partition, are done. Without a group it does nothing.
   *
   * Thrown when it was not confirmed: CommitError. The events are then delivered again.
   */
  commit(): Promise<void>;
};

export type WaitOptions = {
  /** Milliseconds. Default 300000. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

/**
 * Reads the status events. Iterate it for all of them, at least once each; `waitFor` for the end of one run, which needs no
 * iteration and takes nothing from it.
 */
export class RunEvents<State = unknown> implements AsyncDisposable, AsyncIterable<Delivery<State>> {
  readonly #options: EventsOptions;
  readonly #kafka: KafkaConnection;
  readonly #topic: string;
  readonly #positions: { reading: Positions; watching: Positions };
  readonly #watch: RunWatch = createRunWatch();
  readonly #closing = new AbortController();
  #watcher: EventReader | null = null;
  #iteration: { reader: EventReader; handOver: HandOver<OwnedEvent> } | null = null;

  private constructor(
    options: EventsOptions,
    kafka: KafkaConnection,
    positions: { reading: Positions; watching: Positions },
  ) {
    this.#options = options;
    this.#kafka = kafka;
    this.#topic = topicNames(options.topicPrefix ?? '').status;
    this.#positions = positions;
  }

  /**
   * Notes where the topic ends now, so that no later event is missed.
   *
   * Thrown: EventsError when the topic is missing, or no broker answers in time.
   */
  static async open<State = unknown>(options: EventsOptions): Promise<RunEvents<State>> {
    const kafka = connect(options);
    const topic = topicNames(options.topicPrefix ?? '').status;
    const from = options.from ?? (options.group === undefined ? 'latest' : 'earliest');
    const { timeoutMs = 30_000 } = options;
    const positions = await startPositions(kafka, topic, { from, isGroup: options.group !== undefined, timeoutMs });
    return new RunEvents<State>(options, kafka, positions);
  }

  /**
   * One iteration at a time. A new one continues after the last event that was handed out, or with a group after the last
   * commit. The loop may take up to `patienceMs` for an event.
   *
   * Thrown by `next` when reading can never go on: EventsError.
   */
  [Symbol.asyncIterator](): AsyncIterator<Delivery<State>, undefined> {
    if (this.#closing.signal.aborted) throw closed();
    if (this.#iteration !== null) throw new TypeError('These events are being iterated already; open others for that.');
    const handOver = createHandOver<OwnedEvent>();
    const group = this.#options.group ?? this.#ownGroup('read');
    const reader = this.#startReader(group, this.#options.group !== undefined, this.#positions.reading, {
      take: (events, signal, taken) => handOver.offer(events, signal, taken),
    });
    reader.failed.catch((error: unknown) => handOver.fail(eventsError(error)));
    const iteration = { reader, handOver };
    this.#iteration = iteration;
    const end = async (): Promise<{ done: true; value: undefined }> => {
      if (this.#iteration === iteration) this.#iteration = null;
      handOver.end();
      await reader.close();
      return { done: true, value: undefined };
    };
    return {
      next: async () => {
        const owned = await handOver.next();
        return owned === null
          ? { done: true, value: undefined }
          : { done: false, value: delivery(owned, reader, this.#options) };
      },
      return: end,
    };
  }

  /**
   * Resolves with the event that ends the run (`run.succeeded`, `run.paused`, `run.failed`, …), even if it came between
   * `open` and this call.
   *
   * @param run its id, or what `RunPublisher.create` has returned
   * Thrown: WaitTimeoutError; EventsError when events cannot be read; the signal's reason.
   */
  async waitFor(run: string | { run_id: string }, options: WaitOptions = {}): Promise<RunEvent<State>> {
    const { timeoutMs = 300_000, signal } = options;
    const runId = (typeof run === 'string' ? run : run.run_id).toLowerCase();
    signal?.throwIfAborted();
    if (this.#closing.signal.aborted) throw closed();
    this.#watcher ??= this.#startReader(this.#ownGroup('watch'), false, this.#positions.watching, {
      take: async (events) => this.#watch.take(events),
    });
    const { ended, last, forget } = this.#watch.watch(runId);
    const stopped = Promise.withResolvers<never>();
    const onAbort = (): void => stopped.reject(signal?.reason);
    const onClose = (): void => stopped.reject(closed());
    const timer = setTimeout(() => stopped.reject(waitTimeout(runId, this.#topic, timeoutMs, last())), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#closing.signal.addEventListener('abort', onClose, { once: true });
    try {
      const failed = this.#watcher.failed.catch((error: unknown) => Promise.reject(eventsError(error)));
      return asRunEvent<State>(await Promise.race([ended, stopped.promise, failed]));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#closing.signal.removeEventListener('abort', onClose);
      forget();
    }
  }

  /**
   * Resolves with the run's `run.paused`, whose `interrupts` are its questions.
   *
   * Thrown when the run ends otherwise: RunEndedError; and what `waitFor` throws.
   */
  async waitForPause(run: string | { run_id: string }, options: WaitOptions = {}): Promise<RunEvent<State>> {
    const event = await this.waitFor(run, options);
    if (event.type !== 'run.paused') throw new RunEndedError(event);
    return event;
  }

  /** Ends the iteration and all waits, leaves the group and disconnects. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#iteration?.handOver.end();
    await Promise.all([this.#iteration?.reader.close(), this.#watcher?.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #startReader(
    group: string,
    isCommitting: boolean,
    positions: Positions,
    { take }: Pick<Parameters<typeof startEventReader>[0], 'take'>,
  ): EventReader {
    return startEventReader({
      kafka: this.#kafka,
      logger: loggerOf(this.#options),
      topic: this.#topic,
      group,
      isCommitting,
      positions,
      patienceMs: this.#options.patienceMs ?? 300_000,
      take,
    });
  }

  /** Kafka has members of groups only; this group is this reader's own, and stores nothing. */
  #ownGroup(what: string): string {
    return `${this.#options.group ?? this.#options.clientId ?? 'runlane-client'}-${what}-${randomUUID()}`;
  }
}

function delivery<State>(owned: OwnedEvent, reader: EventReader, options: EventsOptions): Delivery<State> {
  const { event, topic, partition, offset, timestampMs } = owned;
  return {
    event: asRunEvent<State>(event),
    topic,
    partition,
    offset,
    timestampMs,
    commit: async () => {
      if (options.group === undefined) return;
      try {
        await reader.commit(owned);
      } catch (error) {
        throw new CommitError(`The commit of an event was not confirmed: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

function eventsError(error: unknown): EventsError {
  const code = codeOf(error);
  const isDenied = code === 'denied' || /refuses/.test(messageOf(error));
  return new EventsError(messageOf(error), { code: isDenied ? 'denied' : 'misconfigured', cause: error });
}

function closed(): EventsError {
  return new EventsError('These events are closed; open others.', { code: 'closed' });
}

function waitTimeout(runId: string, topic: string, ms: number, last: RunStatusEvent | null): WaitTimeoutError {
  const seen =
    last === null
      ? 'no event of it was read: look whether the brokers answer, whether it was published to this cluster under the same topicPrefix, and among the dead letters'
      : `its last event is ${last.type}`;
  return new WaitTimeoutError(`Run ${runId} has not ended on ${topic} within ${ms} ms; ${seen}.`, {
    runId,
    lastEvent: last,
  });
}
