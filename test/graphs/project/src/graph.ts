/** A graph as LangGraph.js projects are written: `./x.js` means `x.ts`, an enum, a path alias. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { Mood } from '@lib/mood.js';
import { greet } from './shared/greet.js';

const State = Annotation.Root({ greeting: Annotation<string>, mood: Annotation<Mood> });

export const graph = new StateGraph(State)
  .addNode('greet', () => ({ greeting: greet('world'), mood: Mood.Happy }))
  .addEdge(START, 'greet')
  .addEdge('greet', END)
  .compile();
