/** Messages for a user interface. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { typedUi, uiMessageReducer } from '@langchain/langgraph-sdk/react-ui/server';
const State = Annotation.Root({ ui: Annotation<any>({ reducer: uiMessageReducer as any, default: () => [] }) });
export const graph = new StateGraph(State)
  .addNode('a', (_s, config: any) => {
    const ui = typedUi(config);
    ui.push({ name: 'card', props: { a: 1 }, id: 'u1' } as any);
    return {};
  })
  .addEdge(START, 'a')
  .compile();
