import { randomUUID } from 'node:crypto';
import { requestSizeProblem, threadIdOfStatelessRun, topicNames } from '@runlane/contracts';
import type { Json, RunCancelInput, RunCreateInput, RunRequestType } from '@runlane/contracts';
import { RegistryDenied, createValueCodec } from '@runlane/kafka';
import type { RecordProducer, OutRecord, ValueCodec, WrittenAt } from '@runlane/kafka';
import { codeOf, InvalidRequestError, messageOf, PublishError } from './errors.ts';
import type { PublishErrorCode } from './errors.ts';
import { connect, loggerOf } from './options.ts';
import type { ConnectionOptions } from './options.ts';
import type { PublishedRun, RecordPosition } from './published-run.ts';
import { checkedRequest } from './request-bytes.ts';
import type { CheckedRequest } from './request-bytes.ts';
import { createSendQueue } from './send-queue.ts';
import type { SendQueue } from './send-queue.ts';

export type PublisherOptions = ConnectionOptions & {
  /** A Confluent-compatible registry: values are framed with the id of `<topic>-RunCreate`. Default: plain JSON. */
  registryUrl?: string;
  /** Login at the registry. A `password` that is a function is called for each request. Default: no login. */
  registryLogin?: { username: string; password: () => string };
  /** Most bytes of a request: RUNLANE_MAX_REQUEST_BYTES of the deployment. Default 4194304. */
  maxRequestBytes?: number;
  /** Time limit of a call in milliseconds, the wait for earlier calls included. Default 30000. */
  timeoutMs?: number;
};

/** `RunCreate` of the LangGraph SDK and Runlane's optional fields, with types of one's own for input and context. */
export type RunRequest<Input = unknown, Context = Record<string, unknown>> = Omit<
  RunCreateInput,
  'input' | 'context'
> & { input?: Input | null | undefined; context?: Context | null | undefined };

/** The thread and the assistant of a paused run: its `run.paused` event is one. */
export type PausedRun = { thread_id: string; assistant_id: string };

export type PublishOptions = {
  /** Ends the wait; the request may still be written. */
  signal?: AbortSignal;
  /** W3C trace context, which the run's events carry on. */
  traceparent?: string;
};

type Prepared = { request: RunCreateInput; runId: string; threadId: string; record: Promise<OutRecord> };

const SCHEMA_OF_TYPE = { 'run.create': 'RunCreate', 'run.cancel': 'RunCancel' } as const;

/** What a registry's frame adds to a value. */
const FRAME_BYTES = 5;

const FOUR_MIB = 4 * 1024 * 1024;

/**
 * Publishes run requests. Each call resolves when all in-sync replicas have the record. Calls are sent in their order; those
 * made while a batch is under way share the next one.
 */
export class RunPublisher<Input = unknown, Context = Record<string, unknown>> implements AsyncDisposable {
  readonly #topic: string;
  readonly #codec: ValueCodec;
  readonly #maxRequestBytes: number;
  readonly #frameBytes: number;
  readonly #timeoutMs: number;
  readonly #producer: Promise<RecordProducer>;
  readonly #queue: Promise<SendQueue>;
  #isClosed = false;

  /** Connects in the background: a call waits for the connection within its time limit. */
  constructor(options: PublisherOptions) {
    this.#topic = topicNames(options.topicPrefix ?? '').requests;
    this.#codec = createValueCodec({
      registryUrl: options.registryUrl ?? null,
      registryLogin: options.registryLogin ?? null,
      logger: loggerOf(options),
    });
    this.#frameBytes = options.registryUrl === undefined ? 0 : FRAME_BYTES;
    this.#maxRequestBytes = options.maxRequestBytes ?? FOUR_MIB;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#producer = connect(options).producer({
      idempotent: true,
      tuning: { deliveryTimeoutMs: this.#timeoutMs, ackTimeoutMs: Math.min(this.#timeoutMs, 15_000) },
    });
    this.#queue = this.#producer.then(createSendQueue);
  }

  /**
   * Asks for a run. Without a `run_id` it gets one.
   *
   * Thrown before anything is sent: InvalidRequestError. Thrown when it is not known to be written: PublishError.
   */
  async create(request: RunRequest<Input, Context>, options: PublishOptions = {}): Promise<PublishedRun> {
    const [published] = await this.createBatch([request], options);
    if (published === undefined) throw new Error('A batch of one request had no result.');
    return published;
  }

  /**
   * Asks for several runs; those of one thread keep this order. All are checked before the first is sent.
   *
   * Thrown: as by `create`; a PublishError says which are in the log.
   */
  async createBatch(
    requests: readonly RunRequest<Input, Context>[],
    options: PublishOptions = {},
  ): Promise<PublishedRun[]> {
    const prepared = requests.map((request, index) => this.#prepare(request, options, index));
    const outcomes = await this.#send(
      prepared.map(({ record }) => record),
      options,
    );
    const published: PublishedRun[] = [];
    const unconfirmed: RunCreateInput[] = [];
    let failure: { error: unknown } | null = null;
    for (const [index, { request, runId, threadId }] of prepared.entries()) {
      const outcome = outcomes[index];
      if (outcome?.status === 'fulfilled') {
        published.push({ ...outcome.value, run_id: runId, thread_id: threadId });
      } else {
        unconfirmed.push(request);
        failure ??= { error: outcome?.reason };
      }
    }
    if (failure === null) return published;
    throw this.#publishError(failure.error, options, { published, unconfirmed });
  }

  /**
   * Answers a paused run: a new run of its thread, in which `interrupt()` returns the answer. An object whose names are ids of
   * interrupts answers these alone.
   *
   * @param paused the `run.paused` event, or its thread and assistant
   * @param answer any JSON but null
   * @param more further fields of the request, such as `metadata` or `webhook`
   * Thrown: as by `create`.
   */
  resume(
    paused: PausedRun,
    answer: unknown,
    more: Partial<Omit<RunRequest<Input, Context>, 'thread_id' | 'input'>> = {},
    options: PublishOptions = {},
  ): Promise<PublishedRun> {
    const { thread_id, assistant_id } = paused;
    // The check of the request says what an answer that is not JSON has to be.
    const command = { ...more.command, resume: answer as Json };
    return this.create({ assistant_id, ...more, thread_id, command }, options);
  }

  /**
   * Cancels a run, or all runs of a thread that were requested earlier.
   *
   * Thrown: as by `create`.
   */
  async cancel(request: RunCancelInput, options: PublishOptions = {}): Promise<RecordPosition> {
    const checked = checkedRequest(request, 'run.cancel', 0);
    const [outcome] = await this.#send([this.#record('run.cancel', checked, options)], options);
    if (outcome?.status === 'fulfilled') return outcome.value;
    throw this.#publishError(outcome?.reason, options, { published: [], unconfirmed: [] });
  }

  /** Refuses further calls, waits for earlier ones, and disconnects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#queue).idle();
    await (await this.#producer).close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #prepare(given: RunRequest<Input, Context>, options: PublishOptions, index: number): Prepared {
    // Anything else than an object would become one, and the error would be about what is not in it.
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    const runId = (isObject ? given.run_id : null) ?? randomUUID();
    const checked = checkedRequest(isObject ? { ...given, run_id: runId } : given, 'run.create', index);
    const { bytes, reading } = checked;
    const oversize = requestSizeProblem(bytes.length + this.#frameBytes, this.#maxRequestBytes);
    if (oversize !== null) throw new InvalidRequestError(oversize.message, { code: oversize.code, index });
    return {
      request: JSON.parse(bytes.toString('utf8')),
      runId: runId.toLowerCase(),
      threadId: reading.request.thread_id ?? threadIdOfStatelessRun(runId),
      record: this.#record('run.create', checked, options),
    };
  }

  async #record(
    type: RunRequestType,
    { bytes, reading }: CheckedRequest,
    { traceparent }: PublishOptions,
  ): Promise<OutRecord> {
    const { thread_id, run_id } = reading.request;
    const value = await this.#codec.frame(this.#topic, SCHEMA_OF_TYPE[type], bytes);
    const headers: OutRecord['headers'] = { ce_type: type, 'content-type': 'application/json' };
    if (traceparent !== undefined) headers['traceparent'] = traceparent;
    // A stateless run goes by its run_id, so that a cancel of it is in order with it.
    return { topic: this.#topic, key: thread_id ?? run_id, value, headers };
  }

  async #send(
    records: readonly Promise<OutRecord>[],
    { signal }: PublishOptions,
  ): Promise<PromiseSettledResult<WrittenAt>[]> {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    const stop = signal === undefined ? limit : AbortSignal.any([limit, signal]);
    const queue = await this.#queue;
    return Promise.allSettled(
      records.map((record) => (this.#isClosed ? Promise.reject(new ClosedError()) : queue.send(record, stop))),
    );
  }

  #publishError(
    error: unknown,
    { signal }: PublishOptions,
    outcome: { published: PublishedRun[]; unconfirmed: RunCreateInput[] },
  ): Error {
    if (error instanceof InvalidRequestError) return error;
    const { published, unconfirmed } = outcome;
    const code = this.#codeOf(error, signal);
    const count = published.length + unconfirmed.length;
    const some = published.length === 0 ? '' : ` ${published.length} of ${count} are written.`;
    const message = `Publishing to ${this.#topic} was not confirmed: ${this.#reasonOf(error)}.${some} ${this.#adviceOn(error, code)}`;
    return new PublishError(message, { code, unconfirmed, published, cause: error });
  }

  #adviceOn(error: unknown, code: PublishErrorCode): string {
    return error instanceof RegistryDenied ? REGISTRY_ADVICE : ADVICE[code];
  }

  #codeOf(error: unknown, signal: AbortSignal | undefined): PublishErrorCode {
    if (error instanceof ClosedError) return 'closed';
    return signal?.aborted === true && error === signal.reason ? 'aborted' : codeOf(error);
  }

  #reasonOf(error: unknown): string {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    return isLate ? `no answer within ${this.#timeoutMs} ms` : messageOf(error).replace(/\.$/, '');
  }
}

class ClosedError extends Error {
  override readonly message = 'the publisher is closed';
}

const REGISTRY_ADVICE = 'The publisher has these settings as registryLogin and registryUrl.';

const ADVICE: Record<PublishErrorCode, string> = {
  unavailable: 'Look at the brokers and the registry, and publish exactly error.unconfirmed again: they have a run_id.',
  denied: 'Look at the ACLs of the topic (Write and Describe), at ssl and at sasl.',
  too_large: 'Raise max.message.bytes of the topic, or store large content elsewhere and send a reference.',
  misconfigured: 'Correct the settings of the publisher or of the cluster; repeating cannot help.',
  aborted: 'What was under way may still be written: error.unconfirmed has the run_id to repeat it with.',
  closed: 'Make a new RunPublisher.',
};
