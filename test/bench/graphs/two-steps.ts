/**
 * The graph of the benches: two nodes that do next to nothing, so that what is measured is everything around them.
 * Exported uncompiled, because the peer compiles it with a saver of its own.
 */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';

const State = Annotation.Root({
  question: Annotation<string>,
  words: Annotation<number>,
  answer: Annotation<string>,
});

export const builder = new StateGraph(State)
  .addNode('count', (state) => ({ words: state.question.split(' ').length }))
  .addNode('reply', (state) => ({ answer: `${state.words} words` }))
  .addEdge(START, 'count')
  .addEdge('count', 'reply')
  .addEdge('reply', END);
