/** OpenAI's chat completions, whole and as a stream. */
import { sse } from './answer.ts';
import type { Answer } from './answer.ts';

type Body = { model: string; stream?: boolean; messages: { role: string }[]; tools?: unknown[] };

const USAGE = {
  prompt_tokens: 3,
  completion_tokens: 2,
  total_tokens: 5,
  prompt_tokens_details: { cached_tokens: 1 },
  completion_tokens_details: { reasoning_tokens: 1 },
};

export function answerOfOpenAi({ model, stream, messages, tools }: Body): Answer {
  const isAsked = tools !== undefined && messages.at(-1)?.role !== 'tool';
  // Messages and calls are told apart by their ids.
  const id = `completion-${messages.length}`;
  const call = { id: `call_${messages.length}`, type: 'function', function: { name: 't', arguments: '{"a":"x"}' } };
  const finish_reason = isAsked ? 'tool_calls' : 'stop';
  if (stream !== true) {
    const message = isAsked
      ? { role: 'assistant', content: null, tool_calls: [call] }
      : { role: 'assistant', content: `model ${model}` };
    const choices = [{ index: 0, finish_reason, message }];
    return { json: { id, object: 'chat.completion', created: 1, model, choices, usage: USAGE } };
  }
  const chunk = (choices: object[], usage: object | null = null) =>
    sse({ id, object: 'chat.completion.chunk', created: 1, model, choices, usage });
  const delta = (some: object, reason: string | null = null) =>
    chunk([{ index: 0, delta: some, finish_reason: reason }]);
  const part = (of: object) => delta({ tool_calls: [{ index: 0, ...of }] });
  const parts = isAsked
    ? [
        part({ ...call, function: { name: 't', arguments: '' } }),
        part({ function: { arguments: '{"a":' } }),
        part({ function: { arguments: '"x"}' } }),
      ]
    : [delta({ content: 'model ' }), delta({ content: model })];
  const start = delta({ role: 'assistant', content: '' });
  return { stream: [start, ...parts, delta({}, finish_reason), chunk([], USAGE), sse('[DONE]')].join('') };
}
