/** The faults and their times, derived from the seed. */
import { Random } from './random.ts';

export const FAULT_KINDS = [
  'kill-consumer',
  'freeze-consumer',
  'restart-consumer',
  'join-consumer',
  'skew-consumer',
  'kill-dispatcher',
  'freeze-dispatcher',
  'restart-dispatcher',
  'skew-dispatcher',
  'kill-postgres',
  'freeze-postgres',
  'cut-postgres',
  'slow-postgres',
  'strand-postgres',
  'mute-postgres',
  'putback-postgres',
  'kill-kafka',
  'freeze-kafka',
  'cut-kafka',
  'slow-kafka',
  'strand-kafka',
  'mute-kafka',
  'kill-registry',
] as const;
/** Those that are planned when nobody asks for others: not the one after which no overlap that `runlane audit` finds is judged. */
export const USUAL_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== 'putback-postgres');

/**
 * `putback`: the server continues as it was so many milliseconds ago. `skew`: the wall clock of a process jumps, and back. `cut`: all connections are reset. `slow`: what goes through them takes longer. `strand`: the server's ends go, and the
 * services keep theirs. `mute`: the server does what it is asked, and its answers get lost.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** `forMs`: how long the thing is away or frozen. `which`: of several alike, counted modulo how many there are. */
export type Fault = { atMs: number; kind: FaultKind; which: number; forMs: number };

/** Milliseconds between the ends and beginnings of faults. */
const GAP_MS = [500, 4_000] as const;
/** A tenth of them begin while the previous one lasts. */
const TOGETHER_IN = 10;

/** Longest absences. A consumer that is frozen for longer than its lease loses its runs, which is what is tested. */
const LONGEST_MS: Record<FaultKind, number> = {
  'kill-consumer': 1_500,
  'freeze-consumer': 14_000,
  'restart-consumer': 500,
  'join-consumer': 6_000,
  'skew-consumer': 12_000,
  'kill-dispatcher': 2_000,
  'freeze-dispatcher': 6_000,
  'restart-dispatcher': 500,
  'skew-dispatcher': 12_000,
  'kill-postgres': 3_000,
  'freeze-postgres': 6_000,
  'cut-postgres': 0,
  'slow-postgres': 8_000,
  'strand-postgres': 10_000,
  'mute-postgres': 1_500,
  'putback-postgres': 6_000,
  'kill-kafka': 3_000,
  'freeze-kafka': 6_000,
  'cut-kafka': 0,
  'slow-kafka': 8_000,
  'strand-kafka': 10_000,
  'mute-kafka': 1_500,
  'kill-registry': 4_000,
};

export function planFaults(seed: number, durationMs: number, kinds: readonly FaultKind[] = USUAL_KINDS): Fault[] {
  const faults: Fault[] = [];
  if (kinds.length === 0) return faults;
  const random = new Random(seed, 'faults');
  let atMs = random.int(2_000, 4_000);
  while (atMs < durationMs) {
    const kind = random.pick(kinds);
    const forMs = random.int(0, LONGEST_MS[kind]);
    faults.push({ atMs, kind, which: random.int(0, 7), forMs });
    const isTogether = random.int(1, TOGETHER_IN) === 1;
    atMs += (isTogether ? 0 : forMs) + random.int(...GAP_MS);
  }
  return faults;
}
