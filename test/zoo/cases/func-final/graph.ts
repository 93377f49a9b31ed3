/** A workflow that keeps another value than it returns, by its last call, with tasks that call tasks and a graph. */
import { Annotation, entrypoint, getPreviousState, START, StateGraph, task } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';
const sub = new StateGraph(Annotation.Root({ x: Annotation<number> }))
  .addNode('inc', (s) => ({ x: s.x + 1 }))
  .addEdge(START, 'inc')
  .compile();
const inner = task('inner', async (x: number) => {
  effect(`inner ${x}`);
  return (await sub.invoke({ x })).x;
});
const outer = task('outer', async (xs: number[]) => Promise.all(xs.map((x) => inner(x))));
export const graph = entrypoint('sum', async ({ xs }: { xs: number[] }) => {
  const before = getPreviousState<number>() ?? 0;
  const sum = (await outer(xs)).reduce((a, b) => a + b, before);
  return entrypoint.final({ value: { sum, before }, save: sum * 10 });
});
