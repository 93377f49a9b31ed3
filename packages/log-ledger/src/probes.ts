import type { RecordConsumer } from '@runlane/kafka';
import type { Check, Logger } from '@runlane/service-kit';
import type { Pool } from 'pg';

/** What the probes of a process look at. `consumes`: whether it is ready only while its consumer is. */
export type ProbedProcess = { pool: Pool; logger: Logger; consumes: boolean };

/** Without a heartbeat for this long a joined consumer counts as hung: six heartbeat intervals. */
const SILENT_CONSUMER_MS = 20_000;

/** How long the database may take to answer a probe. */
const DATABASE_ANSWER_MS = 1_000;

/** Answers for /livez and /readyz. A server that is away makes the process not ready, never not alive. */
export class Probes {
  readonly #process: ProbedProcess;
  #waitingFor: string | null = 'its start';
  #consumer: RecordConsumer | null = null;
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

  watchConsumer(consumer: RecordConsumer): void {
    this.#consumer = consumer;
  }

  live(): Check {
    const health = this.#consumer?.health();
    if (health === undefined) return {};
    if (health.state === 'crashed') return { consumer: 'the Kafka consumer crashed' };
    const isHung =
      health.state === 'joined' &&
      health.lastHeartbeatAtMs !== null &&
      Date.now() - health.lastHeartbeatAtMs > SILENT_CONSUMER_MS;
    // A broker that is away makes the consumer leave the joined state, so silence within it is the process's own.
    return { consumer: isHung ? `no heartbeat for ${SILENT_CONSUMER_MS} ms` : true };
  }

  async ready(): Promise<Check> {
    return {
      start: this.#waitingFor === null ? true : `waiting for ${this.#waitingFor}`,
      consumer: this.#consumerIsReady(),
      database: await this.#databaseAnswers(),
    };
  }

  #consumerIsReady(): true | string {
    if (!this.#process.consumes) return true;
    const state = this.#consumer?.health().state ?? 'not started';
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
      await this.#process.pool.query('select 1');
      return true;
    } catch (error) {
      return `the database does not answer: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
}
