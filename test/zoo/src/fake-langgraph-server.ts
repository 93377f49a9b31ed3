/** As much of a LangGraph server as a `RemoteGraph` calls: a run streams its state, and a thread has the last one. */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type RunBody = { input?: { out?: unknown } };

export class FakeLangGraphServer implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      if (request.url?.endsWith('/runs/stream')) streamRun(JSON.parse(text) as RunBody, response);
      else answerState(response);
    });
  });

  static async start(): Promise<FakeLangGraphServer> {
    const fake = new FakeLangGraphServer();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function streamRun({ input }: RunBody, response: ServerResponse): void {
  const values = { out: `remote ${JSON.stringify(input?.out)}` };
  response.setHeader('content-type', 'text/event-stream');
  response.end(`event: values\ndata: ${JSON.stringify(values)}\n\n`);
}

function answerState(response: ServerResponse): void {
  const checkpoint = { thread_id: 'remote', checkpoint_ns: '', checkpoint_id: 'remote' };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ values: {}, next: [], tasks: [], metadata: {}, checkpoint, parent_checkpoint: null }));
}
