import type { Aim, Measure, Series } from './bench.ts';

/**
 * The value below which the given share of the samples lies, by nearest rank.
 *
 * @param share from 0 to 1; 0.5 is the median
 * @throws RangeError without samples
 */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('no samples: there is nothing to take a percentile of');
  return found;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** A series whose value is the median of its rounds. */
export function medianOf(rounds: readonly number[]): Series {
  return { value: median(rounds), rounds: [...rounds] };
}

/** A measure against a peer: the ratio is that of the two values, and for the spread also round by round. */
export function against(
  name: string,
  unit: string,
  runlane: Series,
  peer: { name: string } & Series,
  aim: Aim | null = null,
): Measure {
  const ratios = runlane.rounds.flatMap((ours, round) => {
    const theirs = peer.rounds[round];
    return theirs === undefined || theirs === 0 ? [] : [ours / theirs];
  });
  return { name, unit, runlane, peer, ratio: { value: runlane.value / peer.value, rounds: ratios }, aim };
}

/** A measure that stands for itself. */
export function alone(name: string, unit: string, runlane: Series, aim: Aim | null = null): Measure {
  return { name, unit, runlane, peer: null, ratio: null, aim };
}

/** Whether the figure reaches its aim; null without one. */
export function isMet({ aim, ratio, runlane }: Measure): boolean | null {
  if (aim === null) return null;
  const figure = aim.of === 'ratio' ? ratio : runlane;
  if (figure === null) return null;
  return aim.is === 'at least' ? figure.value >= aim.bound : figure.value <= aim.bound;
}
