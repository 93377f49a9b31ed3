/** As much of OpenAI's API as a chat model calls: a request for the one tool, then the name of the model. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Body = { model: string; messages: { role: string }[]; tools?: unknown[] };

export class FakeOpenAi implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(completion(JSON.parse(text) as Body)));
    });
  });

  static async start(): Promise<FakeOpenAi> {
    const fake = new FakeOpenAi();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function completion({ model, messages, tools }: Body): object {
  const isAsked = tools !== undefined && messages.at(-1)?.role !== 'tool';
  const call = { id: 'call_1', type: 'function', function: { name: 't', arguments: '{"a":"x"}' } };
  return {
    id: 'completion',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [
      {
        index: 0,
        finish_reason: isAsked ? 'tool_calls' : 'stop',
        message: isAsked
          ? { role: 'assistant', content: null, tool_calls: [call] }
          : { role: 'assistant', content: `model ${model}` },
      },
    ],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  };
}
