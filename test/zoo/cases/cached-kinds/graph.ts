/** Cached tasks of a workflow and cached nodes that a list is sent to, with keys of their own; a node clears the cache. */
import { entrypoint, task } from '@langchain/langgraph';
import { InMemoryCache } from '@langchain/langgraph-checkpoint';
import { effect } from '../lib/effects.ts';
const cache = new InMemoryCache();
const heavy = task(
  { name: 'heavy', cachePolicy: { keyFunc: (args: any[]) => String(args[0]?.[0] % 10) } } as any,
  async (x: number) => (effect(`heavy ${x}`), x * 2),
);
export const graph = entrypoint({ name: 'cached', cache }, async ({ xs, clear }: { xs: number[]; clear?: boolean }) => {
  if (clear) await cache.clear([]);
  const out: number[] = [];
  for (const x of xs) out.push(await heavy(x));
  return out;
});
