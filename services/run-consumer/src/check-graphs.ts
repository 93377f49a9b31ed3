/** Whether the graphs of a `langgraph.json` load: this module is the package's entry for whoever checks a deployment. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLangGraphJson } from './adapters/langgraph/project/langgraph-json.ts';

/** `problem`: why runs of the graph would fail; null when it loads. */
export type GraphCheck = { graphId: string; problem: string | null };

export type ProjectCheck = {
  graphs: GraphCheck[];
  /** Sentences about what is not as the project asks. */
  warnings: string[];
};

/** Source beside source, and built beside built. */
const PROCESS = fileURLToPath(new URL(`./check-graphs-process${extname(import.meta.url)}`, import.meta.url));

/**
 * Loads each graph in a process of its own, in the folder and with the environment that the graphs have when they run. A factory
 * is called with an empty configuration.
 *
 * @param limitMs how long one graph may take, in milliseconds; if one blocks its process, the later ones are not checked
 * Thrown: RunlaneError `invalid_langgraph_json`.
 */
export async function checkGraphs(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
  limitMs = 60_000,
): Promise<ProjectCheck> {
  const project = readLangGraphJson(path, { ...environment });
  const states = new Map<string, GraphMessage>();
  const child = fork(PROCESS, [project.file, String(limitMs)], {
    cwd: project.directory,
    env: { ...environment, ...project.env, PWD: project.directory },
    // What a graph prints must not be taken for an answer.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  let timer: NodeJS.Timeout | undefined;
  const restart = (): void => {
    clearTimeout(timer);
    // The process itself gives up a graph that waits, but not one that blocks it.
    timer = setTimeout(() => child.kill('SIGKILL'), limitMs + 10_000);
  };
  restart();
  child.on('message', (message) => {
    restart();
    if (isGraphMessage(message)) states.set(message.graphId, message);
  });
  const [code, signal]: (string | number | null)[] = await once(child, 'exit');
  clearTimeout(timer);
  const end = signal === null ? `code ${code}` : `signal ${signal}`;
  return {
    graphs: project.graphs.map(({ graphId }) => ({ graphId, problem: problemOf(states.get(graphId), end) })),
    warnings: project.warnings,
  };
}

/**
 * Reads a `langgraph.json` as run-consumer does at its start, without its graphs.
 *
 * Thrown: RunlaneError `invalid_langgraph_json`, naming the file, the key and what to change.
 */
export function checkProjectFile(path: string, environment: Readonly<Record<string, string | undefined>>): void {
  readLangGraphJson(path, { ...environment });
}

type GraphMessage = { graphId: string; kind: 'loading' | 'loaded' | 'failed'; message?: string };

function isGraphMessage(value: unknown): value is GraphMessage {
  return typeof value === 'object' && value !== null && 'graphId' in value && 'kind' in value;
}

function problemOf(state: GraphMessage | undefined, end: string): string | null {
  switch (state?.kind) {
    case 'loaded':
      return null;
    case 'failed':
      return state.message ?? 'it does not load';
    case 'loading':
      return `its process ended with ${end} while it was loading`;
    case undefined:
      return `it was not loaded: the process ended with ${end} earlier`;
  }
}
