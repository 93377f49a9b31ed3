/** Stores a note, and looks for the one that is nearest to a question. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({
  /** Note to keep; empty: none. */
  note: Annotation<string>,
  question: Annotation<string>,
  found: Annotation<string[]>,
});

export const graph = new StateGraph(State)
  .addNode('look', async ({ note, question }, { store }) => {
    if (store === undefined) throw new Error('This graph needs a store.');
    if (note !== '') await store.put(['notes'], note, { text: note, secret: `about ${question}` });
    const items = await store.search(['notes'], { query: question, limit: 1 });
    return { found: items.map(({ value }) => String(value['text'])) };
  })
  .addEdge(START, 'look')
  .addEdge('look', END)
  .compile();
