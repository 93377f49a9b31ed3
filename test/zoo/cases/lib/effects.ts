/** What graphs do in the world: a line of a file per effect, with the graph that did it. */
import { appendFileSync } from 'node:fs';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';

export type Effect = { graph: string; what: string };

export function effect(what: string): void {
  const file = process.env['ZOO_EFFECTS'];
  if (file === undefined) return;
  const graph: unknown = AsyncLocalStorageProviderSingleton.getRunnableConfig()?.configurable?.['graph_id'];
  appendFileSync(file, `${JSON.stringify({ graph: String(graph), what } satisfies Effect)}\n`);
}
