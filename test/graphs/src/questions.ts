/**
 * The graphs of the command tests. Nodes ask and put question and answer into a list of labels; what they do with an
 * answer is noted outside of Runlane, so that a test can count it.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Annotation, END, START, StateGraph, interrupt } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { note } from './side-effects.ts';

const State = Annotation.Root({
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
  /** The nodes named `gated` do not end before this file exists; empty: there is no gate. */
  gate: Annotation<string>({ reducer: (_old, given) => given, default: () => '' }),
});

type Questions = typeof State.State;

const GATE_POLL_MS = 10;

/** A node that asks its questions one after the other and then works on the answers. */
const asking =
  (node: string, ...questions: string[]) =>
  async ({ gate }: Questions, config: LangGraphRunnableConfig) => {
    const labels = questions.map((question) => `${question} ${JSON.stringify(interrupt<string, unknown>(question))}`);
    const { run_id, thread_id } = config.configurable ?? {};
    note({ run_id, thread_id, node, at: 'start' });
    const options = config.signal === undefined ? {} : { signal: config.signal };
    while (node === 'gated' && gate !== '' && !existsSync(gate)) await sleep(GATE_POLL_MS, undefined, options);
    note({ run_id, thread_id, node, at: 'end' });
    return { labels };
  };

const saying = (label: string) => () => ({ labels: [label] });

/** Two questions at once, from two nodes. */
export const parallel = new StateGraph(State)
  .addNode('free', asking('free', 'free?'))
  .addNode('gated', asking('gated', 'gated?'))
  .addNode('joined', saying('joined'), { ends: ['aside', END] })
  .addNode('aside', saying('aside'))
  .addEdge(START, 'free')
  .addEdge(START, 'gated')
  .addEdge(['free', 'gated'], 'joined')
  .addEdge('joined', END)
  .compile();

/** Two questions of one node. */
export const twice = new StateGraph(State)
  .addNode('asking', asking('asking', 'first?', 'second?'))
  .addNode('after', saying('after'))
  .addEdge(START, 'asking')
  .addEdge('asking', 'after')
  .addEdge('after', END)
  .compile();

const inner = new StateGraph(State)
  .addNode('one', asking('one', 'one?'))
  .addNode('two', asking('two', 'two?'))
  .addEdge(START, 'one')
  .addEdge('one', 'two')
  .addEdge('two', END)
  .compile();

/** A subgraph that asks in each of its two supersteps, beside a node that asks. */
export const nested = new StateGraph(State)
  .addNode('inner', async (state, config) => {
    const { labels } = await inner.invoke({ labels: [], gate: state.gate }, config);
    return { labels };
  })
  .addNode('gated', asking('gated', 'gated?'))
  .addEdge(START, 'inner')
  .addEdge(START, 'gated')
  .addEdge('inner', END)
  .addEdge('gated', END)
  .compile();

const DECISION = {
  type: 'object',
  title: 'Decision',
  properties: {
    approve: { type: 'boolean', title: 'Approve it' },
    amount: { type: 'integer', title: 'Amount', minimum: 1 },
    reason: { type: 'string', title: 'Reason', enum: ['as agreed', 'goodwill'] },
  },
  required: ['amount'],
};

/** Asks for an answer of a certain shape, and says which. */
export const form = new StateGraph(Annotation.Root({ order: Annotation<string>, decision: Annotation<unknown> }))
  .addNode('decide', (state) => ({
    decision: interrupt({ text: 'Shall the order be refunded?', order: state.order }, { responseSchema: DECISION }),
  }))
  .addEdge(START, 'decide')
  .addEdge('decide', END)
  .compile();
