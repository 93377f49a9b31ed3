import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RunlaneError } from '@runlane/service-kit';
import { z } from 'zod';
import { readProjectEnv } from './langgraph-json-env.ts';
import type { ProjectEnv } from './langgraph-json-env.ts';
import { ignoredKeys } from './langgraph-json-keys.ts';
import { readStoreSection, storeSection } from './langgraph-json-store.ts';
import type { StoreSettings } from './langgraph-json-store.ts';
import { nearestTsconfig, unheardSettings } from './project-tsconfig.ts';

const graphSpec = z.union([z.string(), z.looseObject({ path: z.string(), description: z.string().optional() })], {
  error: 'write it as "./path/to/file.ts:exportName"',
});

const schema = z.looseObject(
  {
    graphs: z.record(z.string().min(1, { error: 'a graph needs a name' }), graphSpec, {
      // Of a wrong name too, whose own words stand below it.
      error: ({ code, issues }) =>
        (code === 'invalid_key' ? issues?.[0]?.message : null) ??
        'it names each graph and its export, as in {"graphs": {"agent": "./src/agent.ts:graph"}}',
    }),
    env: z
      .union([z.string(), z.record(z.string(), z.string()), z.array(z.string())], {
        error: 'it is the path of a file, an object of variables whose values are texts, or a list of names',
      })
      .optional(),
    webhooks: z.unknown().optional(),
    store: storeSection.optional(),
    // Without it, data that the project wants encrypted would be stored in plain text.
    encryption: z
      .undefined({
        error: 'Runlane does not encrypt checkpoints itself; encrypt the database instead and remove the key',
      })
      .optional(),
  },
  { error: 'it is an object, as in {"graphs": {"agent": "./src/agent.ts:graph"}}' },
);

/** Where a graph's code is: a module and the name of its export. */
export type GraphSource = { graphId: string; file: string; exportName: string };

/** The parts of `langgraph.json` that the executor needs. */
export type LangGraphProject = {
  file: string;
  /** The folder of the file, in which the graphs run. */
  directory: string;
  /** The nearest tsconfig.json at or above it, for the settings of its modules; null without one. */
  tsconfig: string | null;
  graphs: GraphSource[];
  /** What the `env` key adds to the environment of the process for the graphs. */
  env: Record<string, string>;
  /** The `webhooks` section as it is in the file; packages/webhooks reads it. */
  webhooks: unknown;
  store: StoreSettings;
  /** Keys that LangGraph's servers use and Runlane ignores. */
  ignoredKeys: string[];
  /** Sentences for the log about wishes of the project that are not met. */
  warnings: string[];
};

/**
 * Reads a `langgraph.json` (LangGraph's own format).
 *
 * @param environment of the process: it wins over `env`
 * Thrown: RunlaneError `invalid_langgraph_json`, naming the file, the key and what to change.
 */
export function readLangGraphJson(path: string, environment: NodeJS.ProcessEnv): LangGraphProject {
  const file = resolve(path);
  const directory = dirname(file);
  const parsed = schema.safeParse(parseJsonFile(file));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
    throw invalid(`${file} is not a langgraph.json: ${problems.join('; ')}.`);
  }
  const store = readStoreSection(parsed.data.store, directory);
  if (typeof store === 'string') throw invalid(`${file}: ${store}`);
  const tsconfig = nearestTsconfig(directory);
  const graphs = Object.entries(parsed.data.graphs).map(([graphId, spec]) =>
    graphSource(graphId, typeof spec === 'string' ? spec : spec.path, directory),
  );
  const { env, warnings } = projectEnv(parsed.data.env, directory, environment);
  const tsconfigs = new Set([tsconfig, ...graphs.map((graph) => nearestTsconfig(dirname(graph.file)))]);
  return {
    file,
    directory,
    tsconfig,
    graphs,
    env,
    warnings: [...warnings, ...noGraphs(file, graphs), ...unheardSettings(tsconfigs)],
    webhooks: parsed.data.webhooks,
    store,
    ignoredKeys: ignoredKeys(parsed.data),
  };
}

/** Templates begin with an empty list. */
function noGraphs(file: string, graphs: readonly GraphSource[]): string[] {
  if (graphs.length > 0) return [];
  return [`${file} names no graphs. Add one: {"graphs": {"agent": "./src/agent.ts:graph"}}.`];
}

/** A path, and after the last colon the name of an export; without a colon the default export. */
const GRAPH_SPEC = /^(?<path>.+?)(?::(?<exportName>[A-Za-z_$][\w$]*)?)?$/;

/** A module and behind it what is no name of an export. */
const NO_NAME = /\.[cm]?[jt]sx?:[^/\\]*$/;

function graphSource(graphId: string, spec: string, directory: string): GraphSource {
  const { path, exportName } = GRAPH_SPEC.exec(spec)?.groups ?? {};
  if (path === undefined || path.startsWith(':') || NO_NAME.test(path)) {
    throw invalid(`graphs.${graphId} is "${spec}". Write it as "./path/to/file.ts:exportName".`);
  }
  return { graphId, file: resolve(directory, path), exportName: exportName ?? 'default' };
}

function projectEnv(env: z.infer<typeof schema>['env'], directory: string, environment: NodeJS.ProcessEnv): ProjectEnv {
  try {
    return readProjectEnv(env, directory, environment);
  } catch (error) {
    throw invalid(
      `env names ${JSON.stringify(env)}, which cannot be read: ${messageOf(error)}. Name a file with lines NAME=value.`,
      error,
    );
  }
}

function parseJsonFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(
      `${file} cannot be read: ${messageOf(error)}. Give the path of a langgraph.json, in LANGGRAPH_CONFIG or with --config.`,
      error,
    );
  }
  try {
    // Editors on Windows begin a file with a mark.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid(`${file} is not JSON: ${messageOf(error)}. Comments and trailing commas are not allowed.`, error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function invalid(message: string, cause?: unknown): RunlaneError {
  return new RunlaneError({ code: 'invalid_langgraph_json', message, cause });
}
