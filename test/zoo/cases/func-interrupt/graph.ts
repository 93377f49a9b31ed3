/**
 * A workflow with a task that is tried again and one that asks.
 * LangGraph: a workflow that has returned nothing yet has no values.
 */
import { entrypoint, interrupt, task } from '@langchain/langgraph';
let calls = 0;
const slow = task({ name: 'slow', retry: { maxAttempts: 3, initialInterval: 10 } }, async (x: string) => {
  calls += 1;
  if (calls === 1) throw new Error('first time');
  return `${x}!`;
});
const ask = task('ask', async (q: string) => interrupt({ q }) as string);
export const graph = entrypoint({ name: 'asker' }, async (topic: string) => {
  const draft = await slow(topic);
  const answer = await ask(`ok ${draft}?`);
  return { draft, answer };
});
