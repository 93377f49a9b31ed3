/**
 * The agent of LangGraph's double-texting guides, without a model: it calls a tool, gets its result and answers. The
 * answer can be held from outside, so that a second message arrives while it is under way.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AIMessage, ToolMessage } from '@langchain/core/messages';
import { Annotation, END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  /** The answer is not given before this file exists; empty: there is no gate. */
  gate: Annotation<string>,
});

export const graph = new StateGraph(State)
  .addNode('agent', ({ messages }) => {
    const query = messages.at(-1)?.text;
    const call = { id: `call ${messages.length}`, name: 'search', args: { query } };
    return { messages: [new AIMessage({ content: '', tool_calls: [call] })] };
  })
  .addNode('tools', ({ messages }) => {
    const [call] = (messages.at(-1) as AIMessage).tool_calls ?? [];
    return { messages: [new ToolMessage({ content: 'sunny', tool_call_id: call?.id ?? '' })] };
  })
  .addNode('answer', async ({ gate }, config) => {
    const { run_id, thread_id } = config.configurable ?? {};
    note({ run_id, thread_id, node: 'answer', at: 'start' });
    while (gate !== '' && !existsSync(gate)) {
      await sleep(10, undefined, config.signal === undefined ? {} : { signal: config.signal });
    }
    return { messages: [new AIMessage('It is sunny.')] };
  })
  .addEdge(START, 'agent')
  .addEdge('agent', 'tools')
  .addEdge('tools', 'answer')
  .addEdge('answer', END)
  .compile();
