/** A planner, an agent that executes one step after another, and a replanner that ends it. */
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import { z } from 'zod';
import { call, Scripted } from '../lib/scripted.ts';

const State = Annotation.Root({
  input: Annotation<string>,
  plan: Annotation<string[]>({ reducer: (before, next) => next ?? before, default: () => [] }),
  past: Annotation<[string, string][]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  response: Annotation<string>,
});
/** What the model was asked for, as arguments of its call. */
const asked = (message: any) => message.tool_calls[0].args;
const planner = new Scripted((messages) => ({
  calls: [call('extract', { steps: [`look at ${messages.at(-1)!.text}`, 'sum up'] })],
})).pipe(asked);
const replanner = new Scripted((messages) => {
  const { plan, past } = JSON.parse(messages.at(-1)!.text) as { plan: string[]; past: string[][] };
  return {
    calls: [call('extract', plan.length > 1 ? { steps: plan.slice(1) } : { response: `done in ${past.length}` })],
  };
}).pipe(asked);
const look = tool(({ at }) => `seen ${at}`, { name: 'look', description: 'l', schema: z.object({ at: z.string() }) });
const executor = createAgent({
  model: new Scripted((messages) =>
    messages.at(-1)!.getType() === 'human'
      ? { calls: [call('look', { at: messages.at(-1)!.text })] }
      : messages.at(-1)!.text,
  ),
  tools: [look],
});
export const graph = new StateGraph(State)
  .addNode('planner', async ({ input }) => ({ plan: (await planner.invoke(input)).steps, response: '' }))
  .addNode('execute', async ({ plan }, config) => {
    const [step = ''] = plan;
    const { messages } = await executor.invoke({ messages: [{ role: 'user', content: step }] }, config);
    return { past: [[step, messages.at(-1)!.text]] };
  })
  .addNode('replan', async ({ plan, past }) => {
    const { steps, response } = await replanner.invoke(JSON.stringify({ plan, past }));
    return { plan: steps, response };
  })
  .addEdge(START, 'planner')
  .addEdge('planner', 'execute')
  .addEdge('execute', 'replan')
  .addConditionalEdges('replan', ({ response }) => (response ? END : 'execute'))
  .compile();
