/**
 * B4: how long a claim takes with 1,000,000 pending runs ÷ with 1,000. The statements are those of run-consumer, one
 * executor claims and settles run after run. Also: a run from a lane of 10,000 ÷ from lanes of one.
 */
import type { Bench, BenchContext, Findings, Measure, Series } from '../bench.ts';
import { against, percentile } from '../statistics.ts';
import { Ledger } from './ledger.ts';
import type { Cost, Lanes } from './ledger.ts';

const ROUNDS = 5;
const WARM_UP_COUNT = 200;
/** Of each round on each side. */
const COUNT = 400;
const LANE_COUNT = 250;
const DEEPEST = 40;
const DEEP_LANE = 10_000;
const MILLION: Lanes[] = [
  { prefix: 'deep-', runs: DEEP_LANE, deepest: DEEP_LANE, isUniform: true },
  { prefix: 'lane-', runs: 1_000_000 - DEEP_LANE, deepest: DEEPEST },
];
const THOUSAND: Lanes = { prefix: 'lane-', runs: 1_000, deepest: DEEPEST };
const ONE_DEEP: Lanes = { prefix: 'deep-', runs: DEEP_LANE, deepest: DEEP_LANE, isUniform: true };
const ALL_SHALLOW: Lanes = { prefix: 'lane-', runs: LANE_COUNT, deepest: 1, isUniform: true };

export const claim: Bench = {
  what: 'a claim with 1,000,000 pending runs against one with 1,000 (B4); a run from a lane of 10,000 against one alone',
  takes: [],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { say } = context;
  const [large, small] = [await Ledger.create(context), await Ledger.create(context)];
  say('inserting 1,000,000 runs');
  await large.fill(...MILLION);
  const million = await compare(context, 'pending', {
    ours: () => large.work(COUNT),
    peers: () => small.work(COUNT),
    before: () => small.fill(THOUSAND),
    warmUp: async () => {
      await large.work(WARM_UP_COUNT);
      await small.work(WARM_UP_COUNT);
    },
  });
  const left = await large.pendingCount();

  say('a lane of 10,000');
  const [deep, shallow] = [large, small];
  await deep.fill(ONE_DEEP);
  const lane = await compare(context, 'lane', {
    ours: () => deep.work(LANE_COUNT),
    peers: () => shallow.work(LANE_COUNT),
    before: () => shallow.fill(ALL_SHALLOW),
    warmUp: async () => {
      await deep.work(WARM_UP_COUNT);
      await shallow.work(WARM_UP_COUNT);
    },
  });
  return {
    measures: [
      measure('claim p99, 1,000,000 pending', '1,000 pending', million, claimOf, 0.99, 1.5),
      measure('claim p50, 1,000,000 pending', '1,000 pending', million, claimOf, 0.5),
      measure('settle p99, 1,000,000 pending', '1,000 pending', million, settleOf, 0.99),
      measure('claim and settle p50, lane of 10,000', 'lanes of one', lane, bothOf, 0.5),
      measure('claim and settle p99, lane of 10,000', 'lanes of one', lane, bothOf, 0.99),
    ],
    notes: [
      `${ROUNDS} rounds of ${COUNT} runs a side, with lanes of ${LANE_COUNT}, claimed and settled one by one; figures are over all rounds, their ` +
        'spread is between rounds',
      `lanes of 1 to ${DEEPEST} runs, and among the 1,000,000 one of ${DEEP_LANE}; at the end of the rounds ${left} were left`,
      'every claim and every settlement commits, so both sides contain the flush of the write-ahead log',
    ],
    details: [],
  };
}

type Sides = { ours: Cost[][]; peers: Cost[][] };

async function compare(
  { say, noise }: BenchContext,
  what: string,
  work: {
    before: () => Promise<void>;
    warmUp: () => Promise<void>;
    ours: () => Promise<Cost[]>;
    peers: () => Promise<Cost[]>;
  },
): Promise<Sides> {
  await work.before();
  await work.warmUp();
  const sides: Sides = { ours: [], peers: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`${what}: round ${round} of ${ROUNDS}`);
    await work.before();
    // The sides take turns in going first, so that writes left over from the fill affect both equally.
    if (round % 2 === 0) sides.ours.push(await work.ours());
    sides.peers.push(await work.peers());
    if (round % 2 === 1) sides.ours.push(await work.ours());
    noise.sample();
  }
  return sides;
}

const claimOf = ({ claimMs }: Cost) => claimMs;
const settleOf = ({ settleMs }: Cost) => settleMs;
const bothOf = ({ claimMs, settleMs }: Cost) => claimMs + settleMs;

function measure(
  name: string,
  peer: string,
  sides: Sides,
  of: (cost: Cost) => number,
  share: number,
  bound: number | null = null,
): Measure {
  const series = (rounds: Cost[][]): Series => ({
    value: percentile(rounds.flat().map(of), share),
    rounds: rounds.map((round) => percentile(round.map(of), share)),
  });
  const aim = bound === null ? null : ({ of: 'ratio', is: 'at most', bound } as const);
  return against(name, 'ms', series(sides.ours), { name: peer, ...series(sides.peers) }, aim);
}
