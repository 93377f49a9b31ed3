const CONTEXT = 'a run without a context gives its nodes undefined, not an empty one';

/** Cases that Runlane does not yet run as a bare script does, with the reason. */
export const OPEN_FAULTS: ReadonlyMap<string, string> = new Map([
  ['agent-context-default', CONTEXT],
  ['factory-config', CONTEXT],
  ['sdk-logger', 'the logger that a LangGraph server provides is missing'],
  ['thread-configurable', "what a thread's earlier runs were configured with is forgotten"],
  ['writer-stream', CONTEXT],
]);
