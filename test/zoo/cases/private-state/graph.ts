/** Nodes with a state of their own that the graph's output does not tell, in a sequence. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const Overall = Annotation.Root({
  question: Annotation<string>,
  answer: Annotation<string>,
  notes: Annotation<string>,
});
const Private = Annotation.Root({ secret: Annotation<string> });
export const graph = new StateGraph({
  state: Overall,
  input: Annotation.Root({ question: Annotation<string> }),
  output: Annotation.Root({ answer: Annotation<string> }),
})
  .addSequence([
    ['think', ({ question }: any) => ({ secret: `thought about ${question}`, notes: 'n' })],
    ['say', (s: any) => ({ answer: `said ${s.secret ?? 'nothing'}, ${s.notes ?? 'no notes'}` }), { input: Private }],
  ])
  .addEdge(START, 'think')
  .compile();
