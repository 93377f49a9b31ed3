import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordProducer, OutRecord } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';

/** The graph in `graphs/interruptible.ts`. */
const GRAPH = 'interruptible';
const DEADLINE_MS = 30_000;

/** What a run's node has noted; Unix milliseconds. */
type Note = { runId: string; what: 'started' | 'aborted'; pid: number; atMs: number };

/** One interrupt of an executing run. `successorId` is the run that superseded it. */
export type Interrupted = { successorId: string; publishedMs: number; abortedMs: number; pid: number };

/** Runs that execute until another run of their thread interrupts them. */
export class InterruptibleRuns implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-interrupt-'));
  readonly #topic: string;
  readonly #producer: RecordProducer;

  /** @param topic of run requests */
  constructor(topic: string, producer: RecordProducer) {
    this.#topic = topic;
    this.#producer = producer;
  }

  /** Starts a run on a new thread, supersedes it when it executes, and resolves when its node's signal has aborted. */
  async interruptOne(): Promise<Interrupted> {
    const [threadId, runId, successorId] = [randomUUID(), randomUUID(), randomUUID()];
    const notes = join(this.#directory, runId);
    writeFileSync(notes, '');
    await this.#publish({ thread_id: threadId, run_id: runId, input: { notes } });
    await noted(notes, 'started');
    const publishedMs = performance.timeOrigin + performance.now();
    await this.#publish({
      thread_id: threadId,
      run_id: successorId,
      input: { notes: '' },
      multitask_strategy: 'interrupt',
    });
    const { atMs: abortedMs, pid } = await noted(notes, 'aborted');
    return { successorId, publishedMs, abortedMs, pid };
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #publish(request: { thread_id: string; run_id: string } & Record<string, unknown>): Promise<void> {
    const value = Buffer.from(JSON.stringify({ assistant_id: GRAPH, ...request }));
    const record: OutRecord = { topic: this.#topic, key: request.thread_id, value, headers: {} };
    await this.#producer.publish([record]);
  }
}

function noted(file: string, what: Note['what']): Promise<Note> {
  return eventually(
    () =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Note)
        .find((note) => note.what === what),
    { what: `the node has ${what}`, deadlineMs: DEADLINE_MS, everyMs: 10 },
  );
}
