/**
 * What to tell the log of a graph that was compiled with a store which searches by vectors: its runs get Runlane's store, as
 * on LangGraph's servers, and a search would find other items without a word.
 *
 * @returns a sentence; null when the graph has no such store
 */
export function ownIndexWarning(graph: { store?: unknown }): string | null {
  const { store } = graph;
  if (typeof store !== 'object' || store === null || !('indexConfig' in store)) return null;
  if (store.indexConfig === undefined || store.indexConfig === null) return null;
  return (
    'It is compiled with a store that has an index of vectors. Its runs get the store of the service instead, which searches ' +
    'by vectors only as store.index of langgraph.json says: set it there.'
  );
}
