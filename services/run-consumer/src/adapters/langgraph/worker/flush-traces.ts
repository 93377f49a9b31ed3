import { importedCopy, manifestOf, requiredBefore } from '../project/module-copies.ts';

/** Variables by which LangChain decides whether graphs send traces; each of them turns it on. */
const SWITCHES = ['LANGSMITH_TRACING', 'LANGSMITH_TRACING_V2', 'LANGCHAIN_TRACING', 'LANGCHAIN_TRACING_V2'];

/** Whether graphs with this environment send traces to LangSmith. */
export function isTraced(environment: NodeJS.ProcessEnv): boolean {
  return SWITCHES.some((name) => environment[name] === 'true');
}

/** The entry point of LangChain by which traces are waited for. */
type Callbacks = { awaitAllCallbacks: () => Promise<void> };

/**
 * Sends the traces that LangChain has collected and not sent yet. Resolves when they are sent. A collector that is away
 * delays this, so the caller sets a time limit.
 *
 * @param graphFiles the files that export graphs: each project has copies of LangChain of its own
 */
export async function flushTraces(graphFiles: readonly string[]): Promise<void> {
  const copies = new Set<Callbacks>();
  for (const file of graphFiles) {
    const imported = importedCopy(CORE, `./${ENTRY}`, file) ?? importedThroughLangGraph(file);
    if (imported !== null) copies.add((await import(imported)) as Callbacks);
    const required = requiredBefore(`${CORE}/${ENTRY}`, file);
    if (required !== null) copies.add(required as Callbacks);
  }
  await Promise.all([...copies].map(({ awaitAllCallbacks }) => awaitAllCallbacks()));
}

const CORE = '@langchain/core';
const ENTRY = 'callbacks/promises';

/** A project that depends on LangGraph alone may be unable to resolve LangGraph's own dependencies. */
function importedThroughLangGraph(file: string): string | null {
  const langgraph = manifestOf('@langchain/langgraph', file);
  return langgraph === null ? null : importedCopy(CORE, `./${ENTRY}`, langgraph);
}
