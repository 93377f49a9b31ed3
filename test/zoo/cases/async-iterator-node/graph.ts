/** A node that is an async generator, and one that iterates over what a subgraph streams. */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import { RunnableLambda } from '@langchain/core/runnables';
const log = Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] });
const State = Annotation.Root({ log });
const inner = new StateGraph(State)
  .addNode('one', () => ({ log: ['one'] }))
  .addNode('two', (_s, { writer }) => {
    writer?.({ custom: 'from two' });
    return { log: ['two'] };
  })
  .addEdge(START, 'one')
  .addEdge('one', 'two')
  .compile();
const words = RunnableLambda.from(async function* (text: string) {
  for (const word of text.split(' ')) yield word;
});
export const graph = new StateGraph(State)
  .addNode('stream', async (_s, config) => {
    const seen: string[] = [];
    const stream = await inner.stream(
      { log: ['in'] },
      { ...config, streamMode: ['updates', 'custom'], subgraphs: true },
    );
    for await (const [, mode, chunk] of stream) seen.push(`${mode} ${JSON.stringify(chunk)}`);
    return { log: seen };
  })
  .addNode('words', async () => {
    const seen: string[] = [];
    for await (const word of await words.stream('a b c')) seen.push(word);
    return { log: seen };
  })
  .addNode('events', async (_s, config) => {
    const names: string[] = [];
    for await (const { event, name } of inner.streamEvents({ log: [] }, { ...config, version: 'v2' })) {
      if (event.startsWith('on_chain') && ['one', 'two'].includes(name)) names.push(`${event} ${name}`);
    }
    return { log: names };
  })
  .addEdge(START, 'stream')
  .addEdge('stream', 'words')
  .addEdge('words', 'events')
  .compile();
