/** A node that writes, reads and searches the store. */
import { Annotation, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
export const graph = new StateGraph(MessagesAnnotation)
  .addNode('remember', async (s, config: any) => {
    const store = config.store;
    const ns = ['users', config.configurable.user_id, 'memories'];
    await store.put(ns, `k${s.messages.length}`, { text: s.messages.at(-1)!.text, n: s.messages.length });
    await store.put([...ns, 'deep'], 'x', { a: { b: [1, 2] } });
    const one = await store.get(ns, 'k1');
    const found = await store.search(['users'], { filter: { n: 1 }, limit: 5 });
    const names = [];
    await store.delete([...ns, 'deep'], 'x');
    return {
      messages: [
        {
          role: 'assistant',
          id: `m${s.messages.length}`,
          content: JSON.stringify([
            one?.value,
            found.map((f: any) => f.key),
            names.length,
            one?.createdAt instanceof Date,
          ]),
        },
      ],
    };
  })
  .addEdge(START, 'remember')
  .compile();
