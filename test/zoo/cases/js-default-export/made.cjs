Object.defineProperty(exports, '__esModule', { value: true });
const { Annotation, START, StateGraph } = require('@langchain/langgraph');
const State = Annotation.Root({
  x: Annotation(),
  log: Annotation({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
exports.default = async function make(config) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { by = 1 } = config.configurable ?? {};
  return new StateGraph(State)
    .addNode('times', (state) => ({ x: state.x * by, log: [`times ${by}`] }))
    .addEdge(START, 'times')
    .compile({ name: 'made' });
};
