/**
 * Which copy of LangGraph made a graph. A project brings its own copy, and an old one would ignore what Runlane passes in: a
 * drained run would then be executed to its end, or twice (I12).
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The first version of @langchain/langgraph whose graphs take a RunControl. */
export const OLDEST_LANGGRAPH = '1.4.0';

/** Name of the class of every compiled graph. */
const PREGEL = 'LangGraph';

/**
 * Why a graph cannot run with the copy of LangGraph that made it; null when it can.
 *
 * @param file the module of the graph, for the version in the message
 */
export function versionProblem(graph: object, file: string): string | null {
  if (takesRunControl(graph)) return null;
  const found = versionSeenFrom(file) ?? 'unknown';
  return (
    `it was made by @langchain/langgraph of version ${found}, which cannot stop a run between two steps. Runlane needs ` +
    `${OLDEST_LANGGRAPH} or newer: update it, and with it @langchain/core and langchain, in the project of ${file}.`
  );
}

/**
 * Found in the source of the method that drives a graph. No property has the version, and the package that the module's
 * directory resolves to need not be the one that made the graph. Names of properties survive bundlers.
 */
function takesRunControl(graph: object): boolean {
  for (let owner: unknown = graph; isObject(owner); owner = Object.getPrototypeOf(owner)) {
    const drive: unknown = Object.hasOwn(owner, '_streamIterator') ? Reflect.get(owner, '_streamIterator') : undefined;
    if (typeof drive !== 'function') continue;
    // A graph that is no Pregel, such as a RemoteGraph, has its own steps.
    return nameOf(owner.constructor) !== PREGEL || /\bcontrol\b/.test(Function.prototype.toString.call(drive));
  }
  return true;
}

function nameOf(constructor: unknown): unknown {
  if (typeof constructor !== 'function' || !('lc_name' in constructor)) return null;
  return typeof constructor.lc_name === 'function' ? constructor.lc_name() : null;
}

/** The version that imports of the module resolve to, by Node's rules. */
function versionSeenFrom(file: string): string | null {
  for (let directory = dirname(realpathSync(file)); ; directory = dirname(directory)) {
    const manifest = join(directory, 'node_modules', '@langchain', 'langgraph', 'package.json');
    if (existsSync(manifest)) {
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown };
      return typeof version === 'string' ? version : null;
    }
    if (dirname(directory) === directory) return null;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
