import { randomUUID } from 'node:crypto';
import type { Json } from '@runlane/contracts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { Attempts, testGraph } from './attempts.fixture.ts';

/** Runs with commands on threads of the question graphs. */
export class CommandRuns implements AsyncDisposable {
  readonly attempts: Attempts;

  private constructor(attempts: Attempts) {
    this.attempts = attempts;
  }

  static async create(adminUrl: string): Promise<CommandRuns> {
    return new CommandRuns(
      await Attempts.create(adminUrl, [
        testGraph('parallel', 'questions', 'parallel'),
        testGraph('twice', 'questions', 'twice'),
        testGraph('nested', 'questions', 'nested'),
        testGraph('pause', 'pause'),
        testGraph('lane', 'lane'),
      ]),
    );
  }

  /** A thread of the graph on which nothing has run. */
  thread(graph: string): CommandThread {
    return new CommandThread(this.attempts, graph, randomUUID());
  }

  /** A thread whose first run has paused at its questions. */
  async paused(graph: string): Promise<CommandThread> {
    const thread = this.thread(graph);
    const outcome = await thread.run({ input: { labels: ['in'] } });
    if (outcome.kind !== 'paused') throw new Error(`The thread is not paused: ${JSON.stringify(outcome)}`);
    return thread;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.attempts[Symbol.asyncDispose]();
  }
}

export class CommandThread {
  readonly threadId: string;
  readonly #attempts: Attempts;
  readonly #graph: string;
  #last: Outcome | null = null;

  constructor(attempts: Attempts, graph: string, threadId: string) {
    this.threadId = threadId;
    this.#attempts = attempts;
    this.#graph = graph;
  }

  claim(request: Record<string, Json>): Promise<ClaimedRun> {
    return this.#attempts.rows.claim(this.threadId, { assistant_id: this.#graph, ...request });
  }

  /** A whole run, settled. */
  async run(request: Record<string, Json>): Promise<Outcome> {
    const run = await this.claim(request);
    this.#last = await this.#attempts.execute(run);
    await this.#attempts.rows.settle(run);
    return this.#last;
  }

  resume(answer: Json, more: Record<string, Json> = {}): Promise<Outcome> {
    return this.run({ command: { resume: answer }, ...more });
  }

  /** Id of a pending interrupt by its question, as the last run of this thread reported it. */
  idOf(question: string): string {
    const pending = this.#last !== null && 'head' in this.#last ? (this.#last.head?.interrupts ?? []) : [];
    const found = pending.find(({ value }) => value === question);
    if (found === undefined) throw new Error(`Nothing asks ${question}; pending: ${JSON.stringify(pending)}.`);
    return found.id;
  }

  /** Id of the checkpoint that the last run of this thread reported. */
  get head(): string {
    const id = this.#last !== null && 'head' in this.#last ? this.#last.head?.checkpointId : null;
    if (id == null) throw new Error('There is no head.');
    return id;
  }
}

/** The questions that an outcome leaves open. */
export function questionsOf(outcome: Outcome): Json[] {
  return 'head' in outcome ? (outcome.head?.interrupts ?? []).map(({ value }) => value) : [];
}
