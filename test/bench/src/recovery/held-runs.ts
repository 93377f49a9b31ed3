import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutRecord } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';

/** The graph in `graphs/held.ts`. */
const HELD_GRAPH = 'held';

/** A note that the graph of a run began to execute in a process; Unix milliseconds. */
export type Start = { runId: string; pid: number; startedMs: number };

/** Runs that execute until their round is over. Each round's runs wait in the lanes behind those of the round before. */
export class HeldRuns implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-recovery-'));
  readonly #rounds: string[][];

  /** @param perRound runs of a round, each on a thread of its own */
  constructor(roundCount: number, perRound: number) {
    this.#rounds = Array.from({ length: roundCount }, () => Array.from({ length: perRound }, () => randomUUID()));
    writeFileSync(this.#notes, '');
  }

  /** Requests for the runs of all rounds, in the order in which they have to be published. */
  requests(topic: string): OutRecord[] {
    return this.#rounds.flatMap((runIds, round) =>
      runIds.map((runId, number) => {
        const threadId = `recovery-${number}`;
        const value = {
          thread_id: threadId,
          assistant_id: HELD_GRAPH,
          run_id: runId,
          input: { gate: this.#gate(round), notes: this.#notes },
        };
        return { topic, key: threadId, value: Buffer.from(JSON.stringify(value)), headers: {} };
      }),
    );
  }

  /** Ids of the round's runs. */
  ofRound(round: number): readonly string[] {
    return this.#rounds[round] ?? [];
  }

  /** Resolves when all runs of the round have started in the process, with their first starts there. */
  async startedIn(round: number, pid: number, deadlineMs: number): Promise<Start[]> {
    const runIds = new Set(this.ofRound(round));
    let started: Start[] = [];
    await eventually(
      () => {
        const byRun = new Map<string, Start>();
        for (const start of this.#starts()) {
          if (start.pid === pid && runIds.has(start.runId) && !byRun.has(start.runId)) byRun.set(start.runId, start);
        }
        started = [...byRun.values()];
        return started.length === runIds.size;
      },
      {
        what: `${runIds.size} runs execute in process ${pid}`,
        deadlineMs,
        everyMs: 50,
        seen: () => ({ executing: started.length }),
      },
    );
    return started;
  }

  /** Lets the round's runs end, and with that the next ones begin. */
  end(round: number): void {
    writeFileSync(this.#gate(round), '');
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #notes(): string {
    return join(this.#directory, 'notes.jsonl');
  }

  #gate(round: number): string {
    return join(this.#directory, `gate-${round}`);
  }

  #starts(): Start[] {
    return readFileSync(this.#notes, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Start);
  }
}
