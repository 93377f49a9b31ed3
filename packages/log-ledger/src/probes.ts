import type { KafkaConnection, RecordConsumer } from '@runlane/kafka';
import type { Check, Logger } from '@runlane/service-kit';
import { SQLSTATE, sqlState } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { Stoppages } from './stoppages.ts';

/** What the probes of a process look at. `consumes`: whether it is ready only while its consumer is. */
export type ProbedProcess = {
  pool: Pool;
  kafka: Pick<KafkaConnection, 'refusals'>;
  logger: Logger;
  consumes: boolean;
};

/** How long the database may take to answer a probe. */
const DATABASE_ANSWER_MS = 1_000;

/**
 * A question that the server answers only after writing some pages to a file of its own, which goes at once: a server
 * whose disk is full goes on answering what it has in memory.
 */
const FILLS_A_FILE = `set local work_mem = '64kB'; select count(*) from generate_series(1, 4000)`;

/**
 * Answers for /livez and /readyz. A server that is away, frozen or refuses us makes the process not ready, never not
 * alive: a restart would repeat work and heal nothing. A consumer whose connection hangs starts another one by itself.
 * What is left for /livez is an event loop that does not turn, and then nobody answers.
 */
export class Probes {
  readonly #process: ProbedProcess;
  #waitingFor: string | null = 'its start';
  #consumer: RecordConsumer | null = null;
  #stoppages: Pick<Stoppages, 'problems'> | null = null;
  #schema: { readonly problem: string | null } | null = null;
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
  watchConsumer(consumer: RecordConsumer, stoppages: Pick<Stoppages, 'problems'>): void {
    this.#consumer = consumer;
    this.#stoppages = stoppages;
  }

  /** @param schema why the process does not work on its schema; null while it does */
  watchSchema(schema: { readonly problem: string | null }): void {
    this.#schema = schema;
  }

  live(): Check {
    const health = this.#consumer?.health();
    return health?.state === 'crashed' ? { consumer: 'the Kafka consumer crashed' } : {};
  }

  async ready(): Promise<Check> {
    return {
      start: this.#waitingFor === null ? true : `waiting for ${this.#waitingFor}`,
      schema: this.#schema?.problem ?? true,
      consumer: this.#consumerIsReady(),
      kafka: this.#process.kafka.refusals().join('; ') || true,
      database: await this.#databaseAnswers(),
    };
  }

  #consumerIsReady(): true | string {
    if (!this.#process.consumes) return true;
    const state = this.#consumer?.health().state ?? 'not started';
    const problems = this.#stoppages?.problems ?? [];
    if (problems.length > 0) return problems.join('; ');
    return state === 'joined' ? true : `the Kafka consumer is ${state}`;
  }

  async #databaseAnswers(): Promise<true | string> {
    // One question at a time: of a database that hangs, probes must not take all the connections.
    this.#question ??= this.#askDatabase().finally(() => (this.#question = null));
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

  async #askDatabase(): Promise<true | string> {
    try {
      await this.#process.pool.query(FILLS_A_FILE);
      return true;
    } catch (error) {
      const state = sqlState(error);
      // The operator's own limit of such files says nothing about the disk.
      if (state === SQLSTATE.configurationLimitExceeded) return true;
      if (state === SQLSTATE.diskFull) return `the database has no room to write: ${messageOf(error)}`;
      return `the database does not answer: ${messageOf(error)}`;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
