/** As much of the APIs of OpenAI, Anthropic and Google as their chat models call, on one server. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerOfAnthropic } from './answers/anthropic.ts';
import { answerOfGoogle } from './answers/google.ts';
import type { Answer } from './answers/answer.ts';
import { answerOfOpenAi } from './answers/openai.ts';

export class FakeModels implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const answer = answerTo(request.url ?? '', JSON.parse(text));
      const isStream = 'stream' in answer;
      response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
      response.end(isStream ? answer.stream : JSON.stringify(answer.json));
    });
  });

  static async start(): Promise<FakeModels> {
    const fake = new FakeModels();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** What the cases find in their environment: where each provider is. */
  get environment(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return { ZOO_OPENAI_URL: `${url}/v1`, ZOO_ANTHROPIC_URL: url, ZOO_GOOGLE_URL: url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Each asks for the one tool that it is told of, and then says the name of the model. */
function answerTo(path: string, body: unknown): Answer {
  if (path.startsWith('/v1/chat/completions')) return answerOfOpenAi(body as Parameters<typeof answerOfOpenAi>[0]);
  if (path.startsWith('/v1/messages')) return answerOfAnthropic(body as Parameters<typeof answerOfAnthropic>[0]);
  return answerOfGoogle(path, body as Parameters<typeof answerOfGoogle>[1]);
}
