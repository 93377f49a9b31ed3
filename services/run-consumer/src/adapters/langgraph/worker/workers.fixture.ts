import { randomUUID } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Json } from '@runlane/contracts';
import { createLogger } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { eventually, silentLogger } from '@runlane/testkit';
import type { RunSignals } from '../../../app/execution/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { readLangGraphJson } from '../project/langgraph-json.ts';
import { prepareStore } from '../store/prepare-store.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { GraphWorkers } from './graph-workers.ts';
import type { GraphWorkersOptions } from './graph-workers.ts';
import type { WorkerSettings } from './messages.ts';

const GRAPHS = fileURLToPath(new URL('../../../../../../test/graphs/src/', import.meta.url));

/** A module of test/graphs, in whichever folder it is. */
export function fileOf(name: string): string {
  const [file] = globSync(`**/${name}.ts`, { cwd: GRAPHS });
  if (file === undefined) throw new Error(`test/graphs has no ${name}.ts.`);
  return join(GRAPHS, file);
}

/** A LangGraph.js project with what plain type stripping cannot run. */
const project = readLangGraphJson(
  fileURLToPath(new URL('../../../../../../test/graphs/project/langgraph.json', import.meta.url)),
  {},
);

export type StartOptions = Partial<Omit<GraphWorkersOptions, 'settings'>> & {
  settings?: Partial<WorkerSettings>;
  /** Graphs of test/graphs, each in a module of its name. Default: `misbehaving` and `steps`. */
  graphIds?: string[];
};

/** Workers and the runs that they execute, on real Postgres, with the side effects of the runs. */
export class WorkersWorld implements AsyncDisposable {
  readonly rows: RunRows;
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-workers-'));
  readonly #sideEffects = join(this.#directory, 'side-effects.jsonl');

  private constructor(rows: RunRows) {
    this.rows = rows;
    writeFileSync(this.#sideEffects, '');
  }

  static async create(adminUrl: string): Promise<WorkersWorld> {
    const world = new WorkersWorld(await RunRows.create(adminUrl));
    const { pool, databaseUrl } = world.rows;
    const settings = { index: null, ttl: null };
    await prepareStore(pool, { databaseUrl, schema: 'public', settings, embeddings: null, logger: silentLogger });
    return world;
  }

  /** One thread of 128 MiB, with room for the allocations of these tests and no more, unless the options say otherwise. */
  async start(options: StartOptions = {}): Promise<GraphWorkers & AsyncDisposable> {
    const { settings, graphIds = ['misbehaving', 'steps'], ...others } = options;
    const workers = new GraphWorkers({
      settings: {
        database: { DATABASE_URL: this.rows.databaseUrl, secretFiles: {} },
        checkpointSchema: 'public',
        poolSize: 2,
        directory: project.directory,
        graphs: [
          ...graphIds.map((graphId) => ({ graphId, file: fileOf(graphId), exportName: 'graph' })),
          ...project.graphs,
        ],
        tsconfig: project.tsconfig,
        loadLimitMs: 60_000,
        store: { index: null, ttl: null },
        stackLength: 0,
        logLevel: 'silent',
        ...settings,
      },
      environment: { ...process.env, SIDE_EFFECTS_FILE: this.#sideEffects },
      memoryMb: 128,
      roomMb: 384,
      threadCount: 1,
      drainGraceMs: 60_000,
      leaseMs: 6_000,
      logger: silentLogger,
      ...others,
    });
    workers.leaseEnd.moveTo(performance.now() + 3_600_000);
    await workers.start();
    return Object.assign(workers, { [Symbol.asyncDispose]: () => workers.stop() });
  }

  /** A run of `misbehaving`. */
  claim(what: string, ms = 0): Promise<ClaimedRun> {
    return this.claimOf('misbehaving', { what, ms });
  }

  /** @param more of the request */
  claimOf(graphId: string, input: Json, more: Record<string, Json> = {}): Promise<ClaimedRun> {
    return this.rows.claim(randomUUID(), { assistant_id: graphId, input, ...more });
  }

  countNoted(runId: string, at: 'start' | 'end'): number {
    return readFileSync(this.#sideEffects, 'utf8')
      .split('\n')
      .filter((line) => line.includes(runId) && line.includes(`"at":"${at}"`)).length;
  }

  hasNoted(runId: string, at: 'start' | 'end'): boolean {
    return this.countNoted(runId, at) > 0;
  }

  /** Resolves when a node of each run has started. */
  async haveStarted(...runs: ClaimedRun[]): Promise<void> {
    await eventually(() => runs.every(({ runId }) => this.hasNoted(runId, 'start')), {
      what: 'the nodes have started',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rows[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true });
  }
}

export function signals(): RunSignals & { stop: AbortController } {
  const stop = new AbortController();
  return { abort: stop.signal, drain: new AbortController().signal, stop };
}

export const run = (workers: GraphWorkers, claimed: ClaimedRun): Promise<Outcome> => workers.run(claimed, signals());

/** A logger, and the lines that it was given. */
export function keptLog(): { logger: Logger; lines: { msg: string; [field: string]: unknown }[] } {
  const lines: { msg: string; [field: string]: unknown }[] = [];
  const logger = createLogger({
    service: 'test',
    level: 'debug',
    destination: { write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) },
  });
  return { logger, lines };
}
