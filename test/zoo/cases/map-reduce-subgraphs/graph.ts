/** A subgraph for each of a list, each of which maps again; what they bring is put together. */
import { Annotation, Command, END, Send, START, StateGraph } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';

const joined = () => Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] });
const Section = Annotation.Root({
  topic: Annotation<string>,
  queries: Annotation<string[]>,
  notes: joined(),
  sections: joined(),
});
const section = new StateGraph(Section)
  .addNode('ask', ({ topic }) => ({ queries: [`${topic} 1`, `${topic} 2`] }))
  .addNode('look', (state: any) => ({ notes: [`note ${state.query}`] }))
  .addNode('write', ({ topic, notes }) => {
    effect(`wrote ${topic}`);
    return { sections: [`${topic}: ${notes.join()}`] };
  })
  .addEdge(START, 'ask')
  .addConditionalEdges('ask', ({ queries }) => queries.map((query) => new Send('look', { query })), ['look'])
  .addEdge('look', 'write')
  .addEdge('write', END)
  .compile();
const Report = Annotation.Root({ topics: Annotation<string[]>, sections: joined(), report: Annotation<string> });
export const graph = new StateGraph(Report)
  .addNode('plan', ({ topics }) => new Command({ goto: topics.map((topic) => new Send('section', { topic })) }), {
    ends: ['section'],
  })
  .addNode('section', section, { retryPolicy: { maxAttempts: 2 } } as any)
  .addNode('gather', ({ sections }) => ({ report: sections.toSorted().join(' | ') }))
  .addEdge(START, 'plan')
  .addEdge('section', 'gather')
  .addEdge('gather', END)
  .compile();
