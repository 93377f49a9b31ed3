/** LangChain's runnables as nodes: branches, parallel parts, fallbacks, tries, a parser, assigned values and a bound config. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { StringOutputParser, JsonOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate, MessagesPlaceholder } from '@langchain/core/prompts';
import {
  RunnableBranch,
  RunnableLambda,
  RunnableMap,
  RunnablePassthrough,
  RunnableSequence,
} from '@langchain/core/runnables';
import { Scripted } from '../lib/scripted.ts';
const model = new Scripted((messages) => `{"n": ${messages.length}}`);
let tries = 0;
const flaky = RunnableLambda.from((x: string) => {
  if (++tries % 2) throw new Error('once');
  return `tried ${x}`;
}).withRetry({ stopAfterAttempt: 2, onFailedAttempt: () => undefined });
const failing = RunnableLambda.from(() => {
  throw new Error('always');
}).withFallbacks([RunnableLambda.from(() => 'fallen back')]);
const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Be {mood}.'],
  new MessagesPlaceholder('history'),
  ['human', '{text}'],
]);
const chain = RunnableSequence.from([
  RunnablePassthrough.assign({ mood: () => 'kind', history: () => [['human', 'before']] }),
  prompt,
  model,
  new JsonOutputParser(),
]);
const branch = RunnableBranch.from([
  [(s: any) => s.text.length > 3, RunnableLambda.from(() => ({ branch: 'long' }))],
  RunnableLambda.from(() => ({ branch: 'short' })),
]);
const State = Annotation.Root({
  text: Annotation<string>,
  parsed: Annotation<unknown>,
  branch: Annotation<string>,
  all: Annotation<unknown>,
});
export const graph = new StateGraph(State)
  .addNode(
    'chain',
    chain.pipe((parsed) => ({ parsed })),
  )
  .addNode('branch_', branch as any)
  .addNode(
    'many',
    RunnableMap.from({
      all: RunnableMap.from({
        flaky: () => flaky.invoke('x'),
        failing,
        bound: RunnableLambda.from((_s, config) => config?.metadata?.['team']).withConfig({
          metadata: { team: 'red' },
          runName: 'bound',
        }),
      }),
    }) as any,
  )
  .addNode(
    'plain',
    RunnableSequence.from([
      (s: any) => s.text,
      RunnableLambda.from((t: string) => model.pipe(new StringOutputParser()).invoke(t)),
      (all: string) => ({ text: all }),
    ]) as any,
  )
  .addEdge(START, 'chain')
  .addEdge('chain', 'branch_')
  .addEdge('branch_', 'many')
  .addEdge('many', 'plain')
  .compile();
