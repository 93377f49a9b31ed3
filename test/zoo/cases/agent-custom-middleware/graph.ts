/** Middleware of the project's own: every hook, state of its own, a wrapped model and tool, and a jump to the end. */
import { AIMessage, createAgent, createMiddleware, tool, ToolMessage } from 'langchain';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, turns } from '../lib/scripted.ts';
const counting = createMiddleware({
  name: 'Counting',
  stateSchema: z.object({ count: z.number().default(0), _private: z.string().optional() }),
  contextSchema: z.object({ who: z.string().optional() }),
  beforeAgent: (state, runtime) => {
    effect(`before agent ${state.count} ${String(runtime.context?.who)}`);
    return { _private: 'secret' };
  },
  beforeModel: {
    canJumpTo: ['end'],
    hook: (state) =>
      state.count >= 3 ? { messages: [new AIMessage('Enough.')], jumpTo: 'end' as const } : { count: state.count + 1 },
  },
  wrapModelCall: async (request, handler) => {
    effect(`asks with ${request.messages.length} and ${request.tools.length} tools`);
    return handler({ ...request, systemPrompt: `${request.systemPrompt ?? ''} Be kind.` });
  },
  wrapToolCall: async (request, handler) => {
    if (request.toolCall.name === 'forbidden') {
      return new ToolMessage({ content: 'forbidden', tool_call_id: request.toolCall.id!, name: 'forbidden' });
    }
    return handler(request);
  },
  afterModel: (state) => effect(`after model ${state.count}`),
  afterAgent: () => effect('after agent'),
});
const named = (name: string) => tool(() => `${name} done`, { name, description: name, schema: z.object({}) });
export const graph = createAgent({
  model: turns({ calls: [call('allowed', {}), call('forbidden', {})] }, 'ok'),
  tools: [named('allowed'), named('forbidden')],
  middleware: [counting],
  systemPrompt: 'Hello.',
});
