/** Google's Gemini API, whole and as a stream; the model and the way are in the path. */
import { sse } from './answer.ts';
import type { Answer } from './answer.ts';

type Body = { contents: { parts: object[] }[]; tools?: unknown[] };

const USAGE = { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5, cachedContentTokenCount: 1 };

export function answerOfGoogle(path: string, { contents, tools }: Body): Answer {
  const [, model = '', way] = /models\/([^:]+):(\w+)/.exec(path) ?? [];
  const isAnswered = contents.at(-1)?.parts.some((part) => 'functionResponse' in part) === true;
  const isAsked = tools !== undefined && !isAnswered;
  const call = { functionCall: { name: 't', args: { a: 'x' } } };
  const parts = isAsked ? [call] : [{ text: 'model ' }, { text: model }];
  const answer = (some: object[], rest: object) => ({
    candidates: [{ index: 0, content: { role: 'model', parts: some }, ...rest }],
    usageMetadata: USAGE,
    modelVersion: model,
  });
  if (way !== 'streamGenerateContent') return { json: answer(parts, { finishReason: 'STOP' }) };
  const chunks = parts.map((part, at) => sse(answer([part], at + 1 < parts.length ? {} : { finishReason: 'STOP' })));
  return { stream: chunks.join('') };
}
