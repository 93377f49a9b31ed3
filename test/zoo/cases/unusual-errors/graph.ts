/** Errors of all kinds: a timeout's, an abort's, frozen ones, with circular causes, with a message that is no text, of another realm. */
import { runInNewContext } from 'node:vm';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
const makers: Record<string, () => unknown> = {
  timeout: () => AbortSignal.timeout(1),
  abort: () => AbortSignal.abort(),
  frozen: () => Object.freeze(new Error('frozen')),
  realm: () => runInNewContext(`new RangeError('elsewhere')`),
  message: () => Object.assign(new Error('x'), { message: { code: 7 } }),
  circular: () => {
    const error = new Error('circular');
    return Object.assign(error, { cause: error, self: error });
  },
  named: () => Object.assign(new Error('quota'), { name: 'QuotaError', status: 429, headers: new Map() }),
};
export const graph = new StateGraph(Annotation.Root({ kind: Annotation<string> }))
  .addNode('a', async ({ kind }) => {
    const made = makers[kind]!();
    if (made instanceof AbortSignal)
      await new Promise((_resolve, reject) =>
        made.aborted ? reject(made.reason) : made.addEventListener('abort', () => reject(made.reason)),
      );
    throw made;
  })
  .addEdge(START, 'a')
  .compile();
