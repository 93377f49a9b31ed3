/**
 * The process of `checkGraphs`: loads the graphs of a project as a worker does, one after the other, and reports each to the
 * parent. Whatever a graph does to its process while it loads happens to this process.
 */
import { InMemoryStore } from '@langchain/langgraph-checkpoint';
import { createLogger } from '@runlane/service-kit';
import { compileByGraph } from './adapters/langgraph/project/compile-by-graph.ts';
import { GraphRegistry } from './adapters/langgraph/graphs/graph-registry.ts';
import { readLangGraphJson } from './adapters/langgraph/project/langgraph-json.ts';
import { asBorrower } from './adapters/langgraph/graphs/lent-parts.ts';
import { resolveAliasesByGraph } from './adapters/langgraph/worker/inside/graph-tsconfigs.ts';
import { loadProjectModules } from './adapters/langgraph/worker/inside/load-project-modules.ts';

const [path = '', limitMs = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'run-consumer.graphs', level: 'silent' });
const { graphs: sources, tsconfig } = readLangGraphJson(path, process.env);
loadProjectModules(tsconfig, logger);
const files = sources.map(({ file }) => file);
resolveAliasesByGraph(files, tsconfig, logger);
compileByGraph(files, tsconfig);
const graphs = new GraphRegistry(sources, logger, { loadLimitMs: Number(limitMs) });
for (const graphId of graphs.graphIds) {
  process.send?.({ graphId, kind: 'loading' });
  try {
    await using opened = new AsyncDisposableStack();
    await asBorrower(() => graphs.instantiate(graphId, {}, null, new InMemoryStore(), opened));
    process.send?.({ graphId, kind: 'loaded' });
  } catch (error) {
    process.send?.({ graphId, kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}
process.disconnect?.();
// A project may have left connections or timers behind.
setTimeout(() => process.exit(0), 100).unref();
