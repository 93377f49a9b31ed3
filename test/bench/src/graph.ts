/** The graph of `graphs/langgraph.json`. */
export const BENCH_GRAPH = 'two_steps';

/** The input of every run, on both sides. */
export const BENCH_INPUT = { question: 'how many words are in this sentence' };

/** What the graph then answers. */
export const BENCH_REPLY = '7 words';
