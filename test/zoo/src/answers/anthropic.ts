/** Anthropic's messages, whole and as a stream. Its input tokens leave out those that came from its cache. */
import { sse } from './answer.ts';
import type { Answer } from './answer.ts';

type Body = { model: string; stream?: boolean; messages: { content: unknown }[]; tools?: unknown[] };

const INPUT = { input_tokens: 3, cache_creation_input_tokens: 0, cache_read_input_tokens: 4 };

export function answerOfAnthropic({ model, stream, messages, tools }: Body): Answer {
  const last = messages.at(-1)?.content;
  const isAnswered = Array.isArray(last) && last.some((part) => (part as { type: string }).type === 'tool_result');
  const isAsked = tools !== undefined && !isAnswered;
  const stop_reason = isAsked ? 'tool_use' : 'end_turn';
  // Messages and calls are told apart by their ids.
  const id = `msg_${messages.length}`;
  const callId = `toolu_${messages.length}`;
  const message = { id, type: 'message', role: 'assistant', model, stop_sequence: null };
  if (stream !== true) {
    const text = { type: 'text', text: isAsked ? 'I look.' : `model ${model}` };
    const call = { type: 'tool_use', id: callId, name: 't', input: { a: 'x' } };
    const content = isAsked ? [text, call] : [text];
    return { json: { ...message, content, stop_reason, usage: { ...INPUT, output_tokens: 2 } } };
  }
  const event = (type: string, rest: object = {}) => sse({ type, ...rest }, type);
  const block = (index: number, content_block: object, deltas: object[]) => [
    event('content_block_start', { index, content_block }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
  const words = (...texts: string[]) => texts.map((text) => ({ type: 'text_delta', text }));
  const json = (...texts: string[]) => texts.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
  const empty = { type: 'text', text: '' };
  const call = { type: 'tool_use', id: callId, name: 't', input: {} };
  const start = { ...message, content: [], stop_reason: null, usage: { ...INPUT, output_tokens: 0 } };
  return {
    stream: [
      event('message_start', { message: start }),
      ...(isAsked
        ? [...block(0, empty, words('I ', 'look.')), ...block(1, call, json('{"a":', '"x"}'))]
        : block(0, empty, words('model ', model))),
      event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 2 } }),
      event('message_stop'),
    ].join(''),
  };
}
