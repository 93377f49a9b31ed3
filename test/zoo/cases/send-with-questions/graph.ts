/** Tasks that are made at run time, each a subgraph that asks; a command goes to several of them. */
import { Annotation, Command, interrupt, Send, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';
const Task = Annotation.Root({
  city: Annotation<string>,
  found: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
const task = new StateGraph(Task)
  .addNode('look', ({ city }) => {
    effect('looks');
    return {};
  })
  .addNode('ask', ({ city }) => ({ found: [`${city}: ${String(interrupt(`Go to ${city}?`))}`] }))
  .addEdge(START, 'look')
  .addEdge('look', 'ask')
  .compile();
const State = Annotation.Root({
  cities: Annotation<string[]>,
  found: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
export const graph = new StateGraph(State)
  .addNode(
    'plan',
    ({ cities }) =>
      new Command({ goto: cities.map((city) => new Send('task', { city })), update: { found: ['planned'] } }),
    { ends: ['task'] },
  )
  .addNode('task', task)
  .addNode('sum', ({ found }) => ({ found: [`${found.length} in all`] }), { defer: true })
  .addEdge(START, 'plan')
  .addEdge('task', 'sum')
  .compile();
