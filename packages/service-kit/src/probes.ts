import type { Check } from './health.ts';
import type { Logger } from './logger.ts';

/** What the probes of a process look at. */
export type ProbedProcess = {
  /** Whether the database answers and can write: `true`, or a sentence that says what is wrong. May hang; never rejects. */
  database: () => Promise<true | string>;
  /** What the broker refuses, a sentence each. */
  kafka: { refusals(): readonly string[] };
  /** What the database refuses, a sentence each. */
  access: { refusals(): readonly string[] };
  /** What the schema registry refuses, a sentence each. Absent: the process never asks it. */
  registry?: { refusals(): readonly string[] };
  logger: Logger;
  /** Whether it is ready only while its consumer is. */
  consumes: boolean;
};

/**
 * A consumer as probes see it: `joined` while it reads, `crashed` when it does not come back by itself. `lostBecause`: why it
 * lost its group or its brokers, when it did.
 */
export type ProbedConsumer = { health(): { readonly state: string; readonly lostBecause?: string | null } };

/** How long the database may take to answer a probe. */
const DATABASE_ANSWER_MS = 1_000;

/**
 * Answers for /livez and /readyz. A server that is away, frozen or refuses us makes the process not ready, but it stays
 * alive: a restart would repeat work and would not help. A consumer whose connection hangs starts another one. /livez fails
 * when the event loop is blocked, because then nobody answers.
 */
export class Probes {
  readonly #process: ProbedProcess;
  #waitingFor: string | null = 'its start';
  #consumer: ProbedConsumer | null = null;
  #stoppages: { readonly problems: readonly string[] } | null = null;
  #schema: { readonly problem: string | null } | null = null;
  #clock: { readonly problem: string | null } | null = null;
  #question: Promise<true | string> | null = null;

  constructor(process: ProbedProcess) {
    this.#process = process;
  }

  waitsFor(what: string): void {
    this.#waitingFor = what;
    this.#process.logger.info({ waiting_for: what }, 'service.waits');
  }

  isStarted(): void {
    this.#waitingFor = null;
  }

  /** @param stoppages what keeps its partitions from going on */
  watchConsumer(consumer: ProbedConsumer, stoppages: { readonly problems: readonly string[] }): void {
    this.#consumer = consumer;
    this.#stoppages = stoppages;
  }

  /** @param schema why the process does not work on its schema; null while it does */
  watchSchema(schema: { readonly problem: string | null }): void {
    this.#schema = schema;
  }

  /** @param clock why the process does not trust the clock of its host; null while it does */
  watchClock(clock: { readonly problem: string | null }): void {
    this.#clock = clock;
  }

  live(): Check {
    const health = this.#consumer?.health();
    return health?.state === 'crashed' ? { consumer: 'the Kafka consumer crashed' } : {};
  }

  async ready(): Promise<Check> {
    return {
      start: this.#waitingFor === null ? true : `waiting for ${this.#waitingFor}`,
      schema: this.#schema?.problem ?? true,
      clock: this.#clock?.problem ?? true,
      consumer: this.#consumerIsReady(),
      kafka: this.#process.kafka.refusals().join('; ') || true,
      registry: this.#process.registry?.refusals().join('; ') || true,
      database: this.#process.access.refusals().join('; ') || (await this.#databaseAnswers()),
    };
  }

  #consumerIsReady(): true | string {
    if (!this.#process.consumes) return true;
    const { state = 'not started', lostBecause = null } = this.#consumer?.health() ?? {};
    const problems = this.#stoppages?.problems ?? [];
    if (problems.length > 0) return problems.join('; ');
    if (state === 'joined') return true;
    return `the Kafka consumer is ${state}${lostBecause === null ? '' : `, because: ${lostBecause}`}`;
  }

  async #databaseAnswers(): Promise<true | string> {
    // One query at a time: when the database hangs, probes must not take all connections.
    this.#question ??= this.#process.database().finally(() => (this.#question = null));
    const late = Promise.withResolvers<string>();
    const timer = setTimeout(
      () => late.resolve(`the database does not answer within ${DATABASE_ANSWER_MS} ms`),
      DATABASE_ANSWER_MS,
    );
    try {
      return await Promise.race([this.#question, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
