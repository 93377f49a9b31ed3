import { Command } from '@langchain/langgraph';
import type { GraphName } from './journal-graphs.fixture.ts';
import { input, resume } from './journal-thread.fixture.ts';
import type { Call, Thread } from './journal-thread.fixture.ts';

/** A thread, and a run on it that is rolled back. */
type Case = {
  name: string;
  graph: GraphName;
  before: (thread: Thread) => Promise<unknown>;
  run: (thread: Thread) => Promise<Call>;
  /** Whether the run writes onto checkpoints of others. */
  isForeign: boolean;
};

const nothing = () => Promise.resolve();
export const cases: Case[] = [
  { name: 'the first run', graph: 'line', before: nothing, run: async () => input('in'), isForeign: false },
  {
    name: 'a run on a thread that others have used',
    graph: 'line',
    before: (thread) => thread.run(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'a run on a thread of the stock saver',
    graph: 'line',
    before: (thread) => thread.runStock(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'parallel branches',
    graph: 'parallel',
    before: (thread) => thread.run(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'a subgraph that pauses',
    graph: 'nested',
    before: (thread) => thread.run(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'a resume with one answer for two questions',
    graph: 'questions',
    before: (thread) => thread.run(input('in')),
    run: async () => resume('both'),
    isForeign: true,
  },
  {
    name: 'a resume of one of two questions by id',
    graph: 'questions',
    before: (thread) => thread.run(input('in')),
    run: async (thread) => resume({ [(await thread.questions())['left?'] ?? '']: 'yes' }),
    isForeign: true,
  },
  {
    name: 'a resume by id behind another one',
    graph: 'questions',
    before: async (thread) => {
      await thread.run(input('in'));
      await thread.run(resume({ [(await thread.questions())['left?'] ?? '']: 'yes' }));
    },
    run: async (thread) => resume({ [(await thread.questions())['right?'] ?? '']: 'no' }),
    isForeign: true,
  },
  {
    name: 'a resume of a node that asks again',
    graph: 'twice',
    before: (thread) => thread.run(input('in')),
    run: async () => resume('1'),
    isForeign: true,
  },
  {
    name: 'a second resume of a node that asked again',
    graph: 'twice',
    before: async (thread) => {
      await thread.run(input('in'));
      await thread.run(resume('1'));
    },
    run: async () => resume('2'),
    isForeign: true,
  },
  {
    name: 'a resume on a thread that the stock saver paused',
    graph: 'twice',
    before: (thread) => thread.runStock(input('in')),
    run: async () => resume('1'),
    isForeign: true,
  },
  {
    name: 'a resume of a subgraph that goes on and pauses again',
    graph: 'nested',
    before: (thread) => thread.run(input('in')),
    run: async () => resume('1'),
    isForeign: true,
  },
  {
    name: 'a resume that ends a subgraph',
    graph: 'nested',
    before: async (thread) => {
      await thread.run(input('in'));
      await thread.run(resume('1'));
    },
    run: async () => resume('2'),
    isForeign: true,
  },
  {
    name: 'no input on a thread that stopped at a breakpoint',
    graph: 'line',
    before: (thread) => thread.run({ ...input('in'), stopBefore: 'second' }),
    run: async () => ({ input: null }),
    isForeign: true,
  },
  {
    name: 'a fork from an earlier checkpoint',
    graph: 'line',
    before: async (thread) => {
      await thread.run(input('old'));
      await thread.run(input('newer'));
    },
    run: async (thread) => {
      const from = (await thread.state()).parentConfig?.configurable?.['checkpoint_id'];
      return { input: { labels: ['fork'] }, from };
    },
    isForeign: false,
  },
  {
    name: 'a fork without input from an earlier checkpoint',
    graph: 'line',
    before: (thread) => thread.run(input('old')),
    run: async (thread) => ({
      input: null,
      from: (await thread.state()).parentConfig?.configurable?.['checkpoint_id'],
    }),
    isForeign: false,
  },
  {
    name: 'a run through a subgraph that remembers',
    graph: 'remembering',
    before: (thread) => thread.run(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'a run through a subgraph that remembers what the stock saver wrote',
    graph: 'remembering',
    before: (thread) => thread.runStock(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'a fork from before an answer in a subgraph',
    graph: 'nested',
    before: async (thread) => {
      await thread.run(input('in'));
      await thread.run(resume('1'));
      await thread.run(resume('2'));
    },
    run: async (thread) => {
      const from = (await thread.state()).parentConfig?.configurable?.['checkpoint_id'];
      return { input: null, from };
    },
    isForeign: false,
  },
  {
    name: 'a run over a channel of differences',
    graph: 'delta',
    before: (thread) => thread.run(input('old')),
    run: async () => input('in'),
    isForeign: false,
  },
  {
    name: 'an update of a paused thread',
    graph: 'twice',
    before: (thread) => thread.run(input('in')),
    run: async () => ({ input: new Command({ update: { labels: ['updated'] } }) }),
    isForeign: true,
  },
  {
    name: 'a goto on a finished thread',
    graph: 'line',
    before: (thread) => thread.run(input('in')),
    run: async () => ({ input: new Command({ goto: 'second' }) }),
    isForeign: true,
  },
  {
    name: 'an update and a goto on an empty thread',
    graph: 'line',
    before: nothing,
    run: async () => ({ input: new Command({ update: { labels: ['in'] }, goto: 'second' }) }),
    isForeign: true,
  },
];
