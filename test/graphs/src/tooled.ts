/** An agent without a model that calls two tools at the same time, and answers when it has their results. */
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, ToolMessage } from '@langchain/core/messages';
import type { BaseMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { END, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { ToolNode } from '@langchain/langgraph/prebuilt';
import { z } from 'zod';

const USAGE = { input_tokens: 20, output_tokens: 5, total_tokens: 25 };

class Model extends BaseChatModel {
  override _llmType(): string {
    return 'tooled';
  }

  override getLsParams(options: this['ParsedCallOptions']) {
    return { ...super.getLsParams(options), ls_provider: 'test', ls_model_name: 'm-2' };
  }

  override async _generate(messages: BaseMessage[], _options: unknown, _run?: CallbackManagerForLLMRun) {
    const isAnswered = messages.some((message) => ToolMessage.isInstance(message));
    const calls = ['weather', 'time'].map((name) => ({ id: `call ${name}`, name, args: { place: 'Oslo' } }));
    const content = isAnswered ? 'It is sunny, and noon.' : '';
    const message = new AIMessage({ content, tool_calls: isAnswered ? [] : calls });
    Object.assign(message, { usage_metadata: USAGE, response_metadata: { model_name: 'm-2' } });
    return { generations: [{ text: content, message }] };
  }
}

const place = z.object({ place: z.string() });
const tools = [
  tool(() => 'sunny', { name: 'weather', description: 'The weather.', schema: place }),
  tool(() => 'noon', { name: 'time', description: 'The time.', schema: place }),
];
const model = new Model({});

export const graph = new StateGraph(MessagesAnnotation)
  .addNode('agent', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
  .addNode('tools', new ToolNode(tools))
  .addEdge(START, 'agent')
  .addConditionalEdges('agent', ({ messages }) => ((messages.at(-1) as AIMessage).tool_calls?.length ? 'tools' : END), [
    'tools',
    END,
  ])
  .addEdge('tools', 'agent')
  .compile();
