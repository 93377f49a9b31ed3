import { Annotation, DeltaChannel, END, START, StateGraph, interrupt } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';

const State = Annotation.Root({
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
});

const add = (label: string) => () => ({ labels: [label] });

const ask =
  (...questions: string[]) =>
  () => ({
    labels: questions.map((question) => `${question}: ${interrupt<string, string>(question)}`),
  });

/** What the tests use of a compiled graph over a list of labels. */
export interface LabelGraph {
  invoke(input: unknown, config: object): Promise<{ labels: string[] }>;
  updateState(config: object, values: object): Promise<object>;
  getState(config: object): Promise<{
    values: { labels: string[] };
    config: { configurable?: Record<string, string> };
    parentConfig?: { configurable?: Record<string, string> } | undefined;
    tasks: { interrupts: { id?: string; value?: unknown }[]; result?: unknown }[];
  }>;
}

export type GraphName = 'line' | 'parallel' | 'questions' | 'twice' | 'nested' | 'remembering' | 'delta';

/** Graphs by what is special about them. */
export const graphs: Record<GraphName, (checkpointer: BaseCheckpointSaver) => LabelGraph> = {
  /** Two supersteps. */
  line: (checkpointer: BaseCheckpointSaver) =>
    new StateGraph(State)
      .addNode('first', add('first'))
      .addNode('second', add('second'))
      .addEdge(START, 'first')
      .addEdge('first', 'second')
      .addEdge('second', END)
      .compile({ checkpointer }),

  /** Two nodes at once, then one. */
  parallel: (checkpointer: BaseCheckpointSaver) =>
    new StateGraph(State)
      .addNode('left', add('left'))
      .addNode('right', add('right'))
      .addNode('joined', add('joined'))
      .addEdge(START, 'left')
      .addEdge(START, 'right')
      .addEdge(['left', 'right'], 'joined')
      .addEdge('joined', END)
      .compile({ checkpointer }),

  /** Two nodes at once that ask, and one behind them. */
  questions: (checkpointer: BaseCheckpointSaver) =>
    new StateGraph(State)
      .addNode('left', ask('left?'))
      .addNode('right', ask('right?'))
      .addNode('joined', add('joined'))
      .addEdge(START, 'left')
      .addEdge(START, 'right')
      .addEdge(['left', 'right'], 'joined')
      .addEdge('joined', END)
      .compile({ checkpointer }),

  /** One node that asks twice. */
  twice: (checkpointer: BaseCheckpointSaver) =>
    new StateGraph(State)
      .addNode('asking', ask('first?', 'second?'))
      .addEdge(START, 'asking')
      .addEdge('asking', END)
      .compile({ checkpointer }),

  /** A subgraph that remembers from run to run, under a namespace without a task. */
  remembering: (checkpointer: BaseCheckpointSaver) => {
    const inner = new StateGraph(State)
      .addNode('one', add('one'))
      .addNode('two', add('two'))
      .addEdge(START, 'one')
      .addEdge('one', 'two')
      .addEdge('two', END)
      .compile({ checkpointer: true });
    return new StateGraph(State)
      .addNode('inner', inner)
      .addEdge(START, 'inner')
      .addEdge('inner', END)
      .compile({ checkpointer });
  },

  /** A channel whose values are in the writes of all that came before. */
  delta: (checkpointer: BaseCheckpointSaver) => {
    const Delta = Annotation.Root({
      labels: (() => new DeltaChannel((all: string[], added: string[][]) => [...all, ...added.flat()])) as never,
    });
    return new StateGraph(Delta)
      .addNode('first', add('first') as never)
      .addNode('second', add('second') as never)
      .addEdge(START, 'first')
      .addEdge('first', 'second')
      .addEdge('second', END)
      .compile({ checkpointer }) as unknown as LabelGraph;
  },

  /** A subgraph that asks in each of its two supersteps. */
  nested: (checkpointer: BaseCheckpointSaver) => {
    const inner = new StateGraph(State)
      .addNode('one', ask('one?'))
      .addNode('two', ask('two?'))
      .addEdge(START, 'one')
      .addEdge('one', 'two')
      .addEdge('two', END)
      .compile();
    return new StateGraph(State)
      .addNode('before', add('before'))
      .addNode('inner', inner)
      .addEdge(START, 'before')
      .addEdge('before', 'inner')
      .addEdge('inner', END)
      .compile({ checkpointer });
  },
};
