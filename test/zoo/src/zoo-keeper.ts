/** Runs the cases of the zoo in both ways, and tells what was seen of each. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isTerminalEventType } from '@runlane/contracts';
import type { ModelUsage, RunStatusEvent } from '@runlane/contracts';
import type { OutRecord } from '@runlane/kafka';
import { createDatabase, eventually, patiently } from '@runlane/testkit';
import pg from 'pg';
import { World } from '../../e2e/src/support/world.ts';
import type { Effect } from '../cases/lib/effects.ts';
import { isForking, requestFrom, threadOf } from './cases.ts';
import type { ZooCase, ZooRequest } from './cases.ts';
import { FakeLangGraphServer } from './fake-langgraph-server.ts';
import { FakeModels } from './fake-models.ts';
import type { CaseSeen, RunEnd } from './observation.ts';

const BARE = fileURLToPath(new URL('./bare.ts', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/** For all cases in one of the two ways, on a quiet machine; they take seconds. */
const DEADLINE_MS = 60_000;

export class ZooKeeper implements AsyncDisposable {
  readonly #options: { brokers: string[]; databaseUrl: string };
  readonly #models: FakeModels;
  readonly #remote: FakeLangGraphServer;
  /** What models have used, as the terminal events of each run of a case tell it. */
  readonly usage = new Map<string, ModelUsage[][]>();
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-zoo-'));

  private constructor(
    options: { brokers: string[]; databaseUrl: string },
    models: FakeModels,
    remote: FakeLangGraphServer,
  ) {
    this.#options = options;
    this.#models = models;
    this.#remote = remote;
  }

  static async create(options: { brokers: string[]; databaseUrl: string }): Promise<ZooKeeper> {
    return new ZooKeeper(options, await FakeModels.start(), await FakeLangGraphServer.start());
  }

  /** By a script of its own process. */
  async runBare(cases: ZooCase[]): Promise<Map<string, CaseSeen>> {
    const databaseUrl = await createDatabase(this.#options.databaseUrl);
    const [casesFile, seenFile] = [join(this.#directory, 'cases.json'), join(this.#directory, 'seen.json')];
    const effectsFile = join(this.#directory, 'bare-effects.jsonl');
    writeFileSync(casesFile, JSON.stringify(cases));
    writeFileSync(effectsFile, '');
    await runNode(['--import', TSX, BARE, casesFile, seenFile], {
      ...this.#environment(effectsFile),
      DATABASE_URL: databaseUrl,
    });
    const ends = JSON.parse(readFileSync(seenFile, 'utf8')) as Record<string, RunEnd[]>;
    return this.#seenOf(cases, new Map(Object.entries(ends)), databaseUrl, effectsFile);
  }

  /** By one run-consumer for all of them. */
  async runInRunlane(cases: ZooCase[]): Promise<Map<string, CaseSeen>> {
    await using world = await World.create(this.#options);
    const graphs = Object.fromEntries(cases.map(({ name, file }) => [name, `${file}:graph`]));
    const config = join(this.#directory, 'langgraph.json');
    writeFileSync(config, JSON.stringify({ graphs }));
    const effectsFile = join(this.#directory, 'effects.jsonl');
    writeFileSync(effectsFile, '');
    const events = await world.collectEvents();
    const deadLetters = await world.readDeadLetters();
    // Graphs may count in their process, as some do: one thread, as the script has.
    const consumer = world.runConsumer({
      LANGGRAPH_CONFIG: config,
      RUNLANE_WORKER_THREADS: '1',
      RUNLANE_LOG_LEVEL: 'info',
      ...this.#environment(effectsFile),
    });
    await consumer.ready();
    const endsOf = async (name: string) => {
      const ofCase = (await events.events()).filter((event) => event.graph_id === name);
      // Each run follows the one before it, so that their ends are in the order of the requests.
      return ofCase.filter(({ type }) => isTerminalEventType(type));
    };
    const forking = cases.filter(({ requests }) => isForking(requests));
    const others = cases.filter(({ requests }) => !isForking(requests));
    await world.publish(...others.flatMap(({ name, requests }) => requests.map((request) => recordOf(name, request))));
    await Promise.all(
      forking.map(async ({ name, requests }) => {
        for (const [place, request] of requests.entries()) {
          const ended = await eventually(async () => atLeast(place, await endsOf(name)), {
            what: `${place} runs of ${name} have ended`,
            deadlineMs: DEADLINE_MS,
          });
          const checkpoints = ended.map(({ checkpoint_id }) => checkpoint_id);
          await world.publish(recordOf(name, requestFrom(request, checkpoints)));
        }
      }),
    );
    const ends = new Map<string, RunEnd[]>();
    for (const { name, requests } of cases) {
      const terminal = await eventually(async () => atLeast(requests.length, await endsOf(name)), {
        what: `all runs of ${name} have ended`,
        deadlineMs: DEADLINE_MS,
        seen: () => deadLetters.records.map(({ value }) => String(value)),
      });
      this.usage.set(
        name,
        terminal.map((event) => event.usage ?? []),
      );
      ends.set(name, terminal.map(endOf));
    }
    return this.#seenOf(cases, ends, world.databaseUrl, effectsFile);
  }

  #environment(effectsFile: string): Record<string, string> {
    return { ...this.#models.environment, ZOO_EFFECTS: effectsFile, ZOO_LANGGRAPH_URL: this.#remote.url };
  }

  async #seenOf(
    cases: ZooCase[],
    ends: ReadonlyMap<string, RunEnd[]>,
    databaseUrl: string,
    effectsFile: string,
  ): Promise<Map<string, CaseSeen>> {
    const effects = readFileSync(effectsFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Effect);
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ thread_id: string; own: number; nested: number }>(
      `select thread_id, (count(*) filter (where checkpoint_ns = ''))::int as own,
         (count(*) filter (where checkpoint_ns <> ''))::int as nested from checkpoints group by thread_id`,
    );
    await client.end();
    return new Map(
      cases.map(({ name }) => {
        const thread = threadOf(name);
        const { own, nested } = rows.find(({ thread_id }) => thread_id === thread) ?? { own: 0, nested: 0 };
        return [
          name,
          {
            runs: ends.get(name) ?? [],
            effects: effects.filter(({ graph }) => graph === name).map(({ what }) => what),
            checkpoints: { own, nested },
          },
        ];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#models[Symbol.asyncDispose]();
    await this.#remote[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Keyed by its thread as a producer does; a run without a thread has no key. */
function recordOf(name: string, request: ZooRequest): Omit<OutRecord, 'topic'> {
  const thread = threadOf(name);
  const body = { thread_id: thread, assistant_id: name, ...request };
  return { key: request['thread_id'] === null ? null : thread, value: Buffer.from(JSON.stringify(body)), headers: {} };
}

function atLeast<T>(count: number, found: T[]): T[] | null {
  return found.length >= count ? found : null;
}

function endOf({ type, values, interrupts, next, error }: RunStatusEvent): RunEnd {
  if (type === 'run.failed') return { type, values: null, interrupts: null, next: null, error };
  return { type: type as RunEnd['type'], values, interrupts, next, error };
}

async function runNode(args: string[], environment: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: patiently(DEADLINE_MS),
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(code)}: ${stderr}`);
}
