import { createRequire } from 'node:module';
import { CompiledStateGraph, Send } from '@langchain/langgraph';
import type { RunnableGraph } from '../graphs/graph-registry.ts';
import { importedCopy } from './module-copies.ts';

type SendClass = new (node: string, input: unknown) => object;

/** What is used of a copy of LangGraph. */
type Copy = { Send: SendClass; CompiledStateGraph: abstract new (...options: never[]) => object };

const PACKAGE = '@langchain/langgraph';

/**
 * The `Send` class of the copy of LangGraph that a graph was built with: LangGraph recognises a `Send` by its class, and
 * everything else that a run passes by its shape. A project has its own copy, in one form for `import` and one for
 * `require`.
 *
 * @param graphFile the file that exports the graph
 * @throws Error when the graph belongs to no copy that can be found
 */
export async function sendClassOf(graph: RunnableGraph, graphFile: string): Promise<SendClass> {
  const places = [(): Copy => ({ Send, CompiledStateGraph }), imported, required];
  for (const load of places) {
    const copy = await load(graphFile);
    if (copy !== null && graph instanceof copy.CompiledStateGraph) return copy.Send;
  }
  throw new Error(
    `command.goto with an input needs the ${PACKAGE} that the graph was built with, which cannot be found ` +
      `from ${graphFile}. Name the node without an input, or install only one copy.`,
  );
}

/** The copy that an `import` in the file loads. */
async function imported(graphFile: string): Promise<Copy | null> {
  const url = importedCopy(PACKAGE, '.', graphFile);
  return url === null ? null : ((await import(url)) as Copy);
}

/** The copy that a `require` in the file loads. */
function required(graphFile: string): Copy {
  return createRequire(graphFile)(PACKAGE) as Copy;
}
