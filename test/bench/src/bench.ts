import type { Durability } from '@runlane/contracts';
import type { Noise } from './machine.ts';

/** Servers that a bench may use. Its topics and databases are its own. */
export type BenchServers = {
  brokers: string[];
  /** Administrator's database: benches create theirs beside it. */
  adminUrl: string;
  /**
   * Whether the servers were given: then everything that a bench has made in them is removed at the end. Our own servers are
   * removed with their data.
   */
  isKafkaGiven: boolean;
  isPostgresGiven: boolean;
};

export type BenchOptions = {
  /** Takes a CPU profile of run-consumer, where the bench has one. */
  profile: boolean;
  /** Durability of the runs, on both sides. */
  durability: Durability;
};

export type BenchContext = {
  servers: BenchServers;
  options: BenchOptions;
  /** Resources of the bench, which are released at its end, last in first out, however it ends. */
  resources: AsyncDisposableStack;
  /** Sample it between rounds, while nothing is measured. */
  noise: Noise;
  /** Tells progress. */
  say: (text: string) => void;
};

/** One figure, measured in several rounds. */
export type Series = {
  /** The figure that counts: the median of the rounds, or what the bench took over all of them. */
  value: number;
  /** The same figure in each round, in order. */
  rounds: number[];
};

/** A bar of test/bench/README.md. It is shown with the figure and never fails a bench. */
export type Aim = { of: 'ratio' | 'value'; is: 'at least' | 'at most'; bound: number };

/** One line of a report. */
export type Measure = {
  name: string;
  unit: string;
  runlane: Series;
  /** The same work done by a peer in the same run; null where the figure stands for itself. */
  peer: ({ name: string } & Series) | null;
  /** Ours ÷ the peer's, round by round; null without a peer. */
  ratio: Series | null;
  aim: Aim | null;
};

export type Findings = {
  measures: Measure[];
  /** Facts that a reader needs to trust the figures. */
  notes: string[];
  /** Further text, such as a profile: printed as it is. */
  details: string[];
};

export type Bench = {
  /** One line: what is measured against what. */
  what: string;
  /** The options that it does not ignore. */
  takes: readonly (keyof BenchOptions)[];
  run: (context: BenchContext) => Promise<Findings>;
};
