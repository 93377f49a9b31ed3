/** The prebuilt agent with hooks before and after its model, a structured answer, a prompt by state and a state of its own. */
import { Annotation, MessagesAnnotation } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { tool } from '@langchain/core/tools';
import { SystemMessage } from '@langchain/core/messages';
import { z } from 'zod';
import { call, turns } from '../lib/scripted.ts';
const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  llmInputMessages: Annotation<any[]>({ reducer: (_, b) => b, default: () => [] }),
  hooks: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
const t = tool(({ a }) => `t ${a}`, { name: 't', description: 't', schema: z.object({ a: z.string() }) });
export const graph = createReactAgent({
  llm: turns({ calls: [call('t', { a: 'x' })] }, 'finished'),
  tools: [t],
  stateSchema: State,
  prompt: (state: any) => [
    new SystemMessage(`hooks ${state.hooks?.length}`),
    ...(state.llmInputMessages ?? state.messages),
  ],
  preModelHook: (state: any) => ({ llmInputMessages: state.messages.slice(-3), hooks: ['pre'] }),
  postModelHook: () => ({ hooks: ['post'] }),
  version: 'v2',
  name: 'hooked',
});
