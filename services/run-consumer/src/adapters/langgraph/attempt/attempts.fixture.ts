import { silentLogger } from '@runlane/testkit';
import { fileURLToPath } from 'node:url';
import { GroupCommit, createBatchWriter } from '@runlane/checkpoint';
import type { WriteBatch } from '@runlane/checkpoint';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { GraphRegistry } from '../graphs/graph-registry.ts';
import { createGraphRunner } from './graph-runner.ts';
import type { GraphSource } from '../project/langgraph-json.ts';
import { createRunSavers } from './run-savers.ts';
import { RunRows } from './run-rows.fixture.ts';
import { openStore } from '../store/store.ts';

export type AttemptOptions = { write?: WriteBatch; drain?: AbortSignal; abort?: AbortSignal };

/** A graph of test/graphs. */
export function testGraph(graphId: string, file: string, exportName = 'graph'): GraphSource {
  const path = fileURLToPath(new URL(`../../../../../../test/graphs/src/${file}.ts`, import.meta.url));
  return { graphId, file: path, exportName };
}

/** Attempts at runs, on real Postgres. */
export class Attempts implements AsyncDisposable {
  readonly rows: RunRows;
  readonly pool: RunRows['pool'];
  readonly #graphs: GraphRegistry;
  readonly #store: ReturnType<typeof openStore>;

  private constructor(rows: RunRows, sources: GraphSource[]) {
    this.rows = rows;
    this.pool = rows.pool;
    this.#graphs = new GraphRegistry(sources, silentLogger);
    this.#store = openStore({ databaseUrl: rows.databaseUrl, schema: 'public', logger: silentLogger });
  }

  static async create(adminUrl: string, sources: GraphSource[]): Promise<Attempts> {
    return new Attempts(await RunRows.create(adminUrl), sources);
  }

  /** Executes one attempt in this process. */
  execute(run: ClaimedRun, { write, drain, abort }: AttemptOptions = {}): Promise<Outcome> {
    const { pool } = this;
    const commits = new GroupCommit(write ?? createBatchWriter(pool, 'public'));
    const runGraph = createGraphRunner({
      graphs: this.#graphs,
      newSaver: createRunSavers({ pool, schema: 'public', commits }),
      store: this.#store,
      logger: silentLogger,
    });
    const never = new AbortController().signal;
    return runGraph(run, { abort: abort ?? never, drain: drain ?? never });
  }

  /** Writes the first `count` batches and fails all later ones, as if the process had died. */
  dyingAfter(count: number): { write: WriteBatch; written: () => number } {
    const write = createBatchWriter(this.pool, 'public');
    let written = 0;
    return {
      written: () => written,
      write: async (batch) => {
        if (written >= count) throw new Error('the process is dead');
        written += 1;
        return write(batch);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.stop();
    await this.rows[Symbol.asyncDispose]();
  }
}

/** The state of the graphs that collect labels. */
export function labelsOf(outcome: Outcome): string[] | undefined {
  const values = 'head' in outcome ? outcome.head?.values : undefined;
  return (values as { labels?: string[] } | undefined)?.labels;
}
