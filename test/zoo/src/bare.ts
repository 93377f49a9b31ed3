/**
 * Runs cases as a script without Runlane does: the graph, the stock PostgresSaver and PostgresStore, `invoke`.
 *
 * usage: node --import tsx bare.ts <file of the cases to run> <file for what was seen>; DATABASE_URL names a database
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { isForking, requestFrom, threadOf } from './cases.ts';
import type { ZooCase, ZooRequest } from './cases.ts';
import { asJson } from './observation.ts';
import type { RunEnd } from './observation.ts';

type Graph = {
  checkpointer?: unknown;
  store?: unknown;
  invoke: (input: unknown, config: object) => Promise<unknown>;
  getState: (config: object) => Promise<State>;
};
type State = {
  next: string[];
  tasks: { name: string; interrupts: object[] }[];
  config: { configurable?: { checkpoint_id?: string } };
};

const [casesFile, seenFile] = process.argv.slice(2);
const databaseUrl = process.env['DATABASE_URL'];
if (casesFile === undefined || seenFile === undefined || databaseUrl === undefined) {
  throw new Error('usage: node --import tsx bare.ts <cases> <seen>, with DATABASE_URL.');
}
const saver = PostgresSaver.fromConnString(databaseUrl);
await saver.setup();
/**
 * The same, but for cases whose runs begin at earlier checkpoints: it stores a value under the number of its version, and
 * counts anew from there in each branch, so that a branch reads what another one has written.
 */
const branchingSaver = PostgresSaver.fromConnString(databaseUrl);
let lastVersion = 0;
branchingSaver.getNextVersion = (current) => {
  lastVersion = Math.max(lastVersion, current ?? 0) + 1;
  return lastVersion;
};
const store = PostgresStore.fromConnString(databaseUrl);
await store.setup();

// As LangGraph's servers do: without one, asking for it throws.
Reflect.set(globalThis, Symbol.for('langgraph.api.sdk-logger'), console);

const cases = JSON.parse(readFileSync(casesFile, 'utf8')) as ZooCase[];
const seen = await Promise.all(cases.map(async (zooCase) => [zooCase.name, await runCase(zooCase)]));
writeFileSync(seenFile, JSON.stringify(Object.fromEntries(seen)));
await store.stop();
await saver.end();
await branchingSaver.end();
// A graph may hold something open, such as the process of an MCP server.
process.exit(0);

async function runCase({ name, file, requests }: ZooCase): Promise<RunEnd[]> {
  const ends: RunEnd[] = [];
  let exported: unknown;
  try {
    ({ graph: exported } = (await import(pathToFileURL(file).href)) as { graph: unknown });
  } catch (error) {
    const message = `Graph ${name}: ${file} does not load: ${error instanceof Error ? error.message : String(error)}`;
    return requests.map(() => failed({ name: 'GraphNotLoadable', message }));
  }
  let configurable = {};
  const checkpoints: (string | null)[] = [];
  for (const asked of requests) {
    const request = requestFrom(asked, checkpoints);
    const isTemporary = request['thread_id'] === null;
    // As LangGraph's servers do: what a thread's runs were configured with stays for the later ones.
    configurable = { ...configurable, ...(request['config'] as { configurable?: object } | undefined)?.configurable };
    const config = configOf(name, request, configurable);
    const graph = await graphOf(exported, config);
    graph.checkpointer = isTemporary ? undefined : isForking(requests) ? branchingSaver : saver;
    graph.store = store;
    ends.push(await runOnce(graph, request, config, isTemporary));
    // Only such a case needs it, and some leave a state that cannot be read.
    if (isForking(requests)) {
      const head = await graph.getState({ configurable: { thread_id: threadOf(name) } });
      checkpoints.push(head.config.configurable?.checkpoint_id ?? null);
    }
  }
  return ends;
}

/** Builders are compiled, factories called, agents unwrapped. */
async function graphOf(exported: unknown, config: object): Promise<Graph> {
  const made: unknown = typeof exported === 'function' ? await exported(config) : exported;
  const value = made as { compile?: () => unknown; graph?: unknown };
  if (typeof value.compile === 'function') return value.compile() as Graph;
  return (value.graph ?? value) as Graph;
}

function configOf(name: string, request: ZooRequest, configurable: object): object {
  const { config, context, metadata, durability, interrupt_before, interrupt_after, checkpoint_id } = request as {
    checkpoint_id?: string;
    config?: { tags?: string[]; recursion_limit?: number };
    context?: object;
    metadata?: object;
    durability?: string;
    interrupt_before?: string[] | '*';
    interrupt_after?: string[] | '*';
  };
  const runId = randomUUID();
  const identity = { run_id: runId, thread_id: threadOf(name), assistant_id: randomUUID(), graph_id: name };
  return {
    runId,
    configurable: { ...configurable, ...identity, ...(checkpoint_id === undefined ? {} : { checkpoint_id }) },
    metadata: { ...metadata, ...identity },
    context: context ?? {},
    ...(config?.tags === undefined ? {} : { tags: config.tags }),
    ...(config?.recursion_limit === undefined ? {} : { recursionLimit: config.recursion_limit }),
    durability: durability ?? 'async',
    ...(interrupt_before === undefined ? {} : { interruptBefore: interrupt_before }),
    ...(interrupt_after === undefined ? {} : { interruptAfter: interrupt_after }),
  };
}

async function runOnce(graph: Graph, request: ZooRequest, config: object, isTemporary: boolean): Promise<RunEnd> {
  const { input, command } = request;
  try {
    const returned = await graph.invoke(
      command === undefined ? (input ?? null) : new Command(command as object),
      config,
    );
    if (isTemporary) return ended('run.succeeded', returned, [], []);
    const { configurable } = config as { configurable: { thread_id: string } };
    const state = await graph.getState({ configurable: { thread_id: configurable.thread_id } });
    const interrupts = state.tasks.flatMap((task) => task.interrupts);
    // A node that was answered and asks again is missing from LangGraph's `next`.
    const asking = state.tasks.filter((task) => task.interrupts.length > 0).map(({ name }) => name);
    const next = state.next.length > 0 ? state.next : asking;
    return ended(next.length > 0 ? 'run.paused' : 'run.succeeded', returned, interrupts, next);
  } catch (error) {
    return failed(error);
  }
}

function ended(type: RunEnd['type'], returned: unknown, interrupts: object[], next: string[]): RunEnd {
  // LangGraph gives a `NodeInterrupt` no id; that of an event is empty then.
  const told = interrupts.map((interrupt) => ({ id: '', ...interrupt }));
  return { type, values: asJson(withoutInterrupts(returned)), interrupts: asJson(told), next, error: null };
}

/** What was returned besides the interrupts; null for a workflow that has returned nothing yet. */
function withoutInterrupts(returned: unknown): unknown {
  if (typeof returned !== 'object' || returned === null || !('__interrupt__' in returned)) return returned;
  const { __interrupt__: _, ...values } = returned;
  return Object.keys(values).length === 0 ? null : values;
}

/** Errors, and what was thrown and is none. */
function describe(error: unknown): NonNullable<RunEnd['error']> {
  const isError = typeof error === 'object' && error !== null && 'name' in error && 'message' in error;
  // LangGraph cannot mark a thrown text, and fails with an error of its own: the events tell the text.
  const hidden = isError ? /^Cannot create property 'pregelTaskId' on \w+ '([^]*)'$/.exec(String(error.message)) : null;
  if (hidden !== null) return { error: 'Error', message: String(hidden[1]) };
  if (isError) return { error: String(error.name), message: inWords(error.message) };
  return { error: 'Error', message: inWords(error) };
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function failed(error: unknown): RunEnd {
  return { type: 'run.failed', values: null, interrupts: null, next: null, error: describe(error) };
}
