import { randomUUID } from 'node:crypto';
import { isRunStatusEventType, isTerminalEventType } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { Consumer } from 'kafkajs';
import { rawKafka } from './raw-kafka.ts';

/** The end of a run as a consumer of the status topic saw it. `atMs` is of this process's `performance.now()`. */
export type Ending = { type: string; atMs: number };

/**
 * Notes when the terminal event of each run arrives. It reads only headers and commits nothing, because it uses the measured
 * machine.
 */
export class TerminalEvents implements AsyncDisposable {
  readonly #endings = new Map<string, Ending>();
  readonly #consumer: Consumer;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  static async start(brokers: string[], topic: string): Promise<TerminalEvents> {
    const consumer = rawKafka(brokers, 'bench-observer').consumer({
      groupId: `bench-observer-${randomUUID()}`,
      allowAutoTopicCreation: false,
      minBytes: 1,
      // Records end a fetch immediately; an empty one holds up the disconnect for so long.
      maxWaitTimeInMs: 500,
    });
    const events = new TerminalEvents(consumer);
    let hasJoined = false;
    consumer.on(consumer.events.GROUP_JOIN, () => {
      hasJoined = true;
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachBatch: ({ batch }) => {
        const atMs = performance.now();
        for (const { headers } of batch.messages) {
          events.#note(String(headers?.['ce_subject']), String(headers?.['ce_type']), atMs);
        }
        return Promise.resolve();
      },
    });
    await eventually(() => hasJoined, { what: `the observer joined ${topic}` });
    return events;
  }

  /**
   * Resolves with the endings of the runs, in the order of their ids.
   *
   * @param deadlineMs longest wait in milliseconds
   * Thrown when a run ended otherwise than well, and when the deadline passes.
   */
  async succeeded(runIds: readonly string[], deadlineMs: number): Promise<Ending[]> {
    const missing = new Set(runIds);
    await eventually(
      () => {
        for (const runId of missing) {
          if (this.#endings.has(runId)) missing.delete(runId);
        }
        return missing.size === 0;
      },
      { what: `${runIds.length} runs have ended`, deadlineMs, everyMs: 10, seen: () => ({ missing: missing.size }) },
    );
    return runIds.map((runId) => {
      const ending = this.#endings.get(runId);
      if (ending?.type === 'run.succeeded') return ending;
      throw new Error(`Run ${runId} ended as ${ending?.type}: the figures would not be those of complete runs.`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.disconnect();
  }

  #note(runId: string, type: string, atMs: number): void {
    if (!isRunStatusEventType(type) || !isTerminalEventType(type) || this.#endings.has(runId)) return;
    this.#endings.set(runId, { type, atMs });
  }
}
