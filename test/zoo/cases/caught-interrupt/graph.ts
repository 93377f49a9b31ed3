/** Code that catches what it should not: a node asks inside of try, and one that tries again in a loop until the answer is right. */
import { Annotation, interrupt, isGraphInterrupt, START, StateGraph } from '@langchain/langgraph';
const State = Annotation.Root({ age: Annotation<number>, note: Annotation<string> });
export const graph = new StateGraph(State)
  .addNode('swallow', () => {
    try {
      return { note: String(interrupt('never asked')) };
    } catch (error) {
      return { note: `swallowed ${isGraphInterrupt(error)}` };
    }
  })
  .addNode('ask', () => {
    let question = 'How old?';
    for (;;) {
      const answer: unknown = interrupt(question);
      if (typeof answer === 'number' && answer > 0) return { age: answer };
      question = `${JSON.stringify(answer)} is no age. How old?`;
    }
  })
  .addEdge(START, 'swallow')
  .addEdge('swallow', 'ask')
  .compile();
