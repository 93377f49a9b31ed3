/** A workflow of tasks that remembers its last result. */
import { entrypoint, task, getPreviousState } from '@langchain/langgraph';
const add = task('add', async (a: number, b: number) => a + b);
export const graph = entrypoint({ name: 'adder' }, async (n: number) => {
  const before = getPreviousState<number>() ?? 0;
  const parts = await Promise.all([add(before, n), add(n, n)]);
  return parts[0]!;
});
