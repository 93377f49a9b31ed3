/** Runs to be rolled back while they execute, and what the next run of their thread then comes to. */

/** The fields of a request, besides its ids. */
export type Request = Record<string, unknown>;

export type RollbackCase = {
  name: string;
  graph: string;
  /** Runs that end before; `gate` is the file without which a run that is held does not go on. */
  before: (gate: string) => Request[];
  /** The run that is rolled back. `ends` are the head checkpoints that the runs before have left. */
  run: (gate: string, ends: readonly string[]) => Request;
  /** The node in which it is held. */
  heldIn: string;
  /** Whether it has written something by then. */
  hasWritten: boolean;
  /** What supersedes it, and then runs. */
  next: Request;
  /** Of the terminal event of that. */
  comesTo: object;
};

const story = (name: string, gate: string) => ({
  input: { labels: [`${name}:in`], label: name, asks: false, gate },
});
const storyOf = (...names: string[]) => names.flatMap((name) => ['in', 'first', 'second'].map((at) => `${name}:${at}`));
const ending = (...labels: string[]) => ({ type: 'run.succeeded', values: { labels } });
const resume = (answer: unknown) => ({ input: null, command: { resume: answer } });

export const rollbackCases: RollbackCase[] = [
  {
    name: 'the first run of a thread',
    graph: 'story',
    before: () => [],
    run: (gate) => story('withdrawn', gate),
    heldIn: 'first',
    hasWritten: true,
    next: story('next', ''),
    comesTo: ending(...storyOf('next')),
  },
  {
    name: 'a run on a thread that others have used',
    graph: 'story',
    before: () => [story('old', '')],
    run: (gate) => story('withdrawn', gate),
    heldIn: 'first',
    hasWritten: true,
    next: story('next', ''),
    comesTo: ending(...storyOf('old', 'next')),
  },
  {
    name: 'a run that writes when it ends',
    graph: 'story',
    before: () => [story('old', '')],
    run: (gate) => ({ ...story('withdrawn', gate), durability: 'exit' }),
    heldIn: 'first',
    hasWritten: false,
    next: story('next', ''),
    comesTo: ending(...storyOf('old', 'next')),
  },
  {
    name: 'parallel branches, of which one is a subgraph',
    graph: 'branches',
    before: () => [story('old', '')],
    run: (gate) => story('withdrawn', gate),
    heldIn: 'first',
    hasWritten: true,
    next: story('next', ''),
    comesTo: ending(
      ...['old', 'next'].flatMap((name) => [`${name}:in`, `${name}:first`, 'one', 'two', `${name}:second`]),
    ),
  },
  {
    name: 'a fork from an earlier checkpoint',
    graph: 'story',
    before: () => [story('old', ''), story('newer', '')],
    run: (gate, ends) => ({ ...story('withdrawn', gate), checkpoint_id: ends[0] }),
    heldIn: 'first',
    hasWritten: true,
    next: story('next', ''),
    comesTo: ending(...storyOf('old', 'newer', 'next')),
  },
  {
    name: 'a resume of two parallel branches',
    graph: 'parallel',
    before: (gate) => [{ input: { labels: ['in'], gate } }],
    run: () => resume('withdrawn'),
    heldIn: 'gated',
    hasWritten: true,
    next: resume('b'),
    comesTo: ending('in', 'free? "b"', 'gated? "b"', 'joined'),
  },
  {
    name: 'a resume of a subgraph, which has asked again, beside another branch',
    graph: 'nested',
    before: (gate) => [{ input: { labels: ['in'], gate } }],
    run: () => resume('withdrawn'),
    heldIn: 'gated',
    hasWritten: true,
    next: resume('b'),
    comesTo: {
      type: 'run.paused',
      next: ['inner'],
      interrupts: [{ value: 'two?' }],
      values: { labels: ['in', 'gated? "b"'] },
    },
  },
];
