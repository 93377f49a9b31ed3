/** Code that listens: handlers that a node hands on, the run's signal for a request, events of a project's own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dispatchCustomEvent } from '@langchain/core/callbacks/dispatch';
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { Scripted } from '../lib/scripted.ts';
const server = createServer((_request, response) => response.end('answer'));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
server.unref();
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
class Noting extends BaseCallbackHandler {
  name = 'noting';
  noted: string[] = [];
  override handleChatModelStart(): void {
    this.noted.push('start');
  }
  override handleLLMEnd(): void {
    this.noted.push('end');
  }
  override handleCustomEvent(name: string): void {
    this.noted.push(name);
  }
}
const model = new Scripted(() => 'hi');
const State = Annotation.Root({ out: Annotation<unknown> });
export const graph = new StateGraph(State)
  .addNode('a', async (_s, config) => {
    const noting = new Noting();
    await model.invoke('x', { callbacks: [noting] });
    await dispatchCustomEvent('progress', { half: true }, config);
    const answer = await (await fetch(url, { signal: config.signal! })).text();
    return { out: [noting.noted, answer, config.signal?.aborted, typeof config.writer, typeof config.interrupt] };
  })
  .addEdge(START, 'a')
  .compile();
