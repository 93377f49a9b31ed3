/** The p99 of healthy webhooks, with and without webhooks that are answered badly. */
import { eventually } from '@runlane/testkit';
import type { BenchContext, Measure } from '../bench.ts';
import { against, medianOf } from '../statistics.ts';
import { answered, p99, publish } from './side.ts';
import type { Side } from './side.ts';

const ROUNDS = 3;
const COUNT = 120;
const EVERY_MS = 25;
const DEAD_COUNT = 10_000;
/** What a slow origin has due: four at a time, two seconds each, for longer than is measured. */
const SLOW_DUE = 32;
const DEADLINE_MS = 60_000;

/** @param origins healthy ones; the dead target is a URL of the first of them */
export async function beside(
  side: Side,
  { origins, slowOrigins }: { origins: readonly string[]; slowOrigins: readonly string[] },
  { noise, say }: BenchContext,
): Promise<Measure[]> {
  const healthy = answered(origins.slice(0, 1), COUNT);
  const rounds = async (what: string): Promise<number[]> => {
    const found: number[] = [];
    for (let n = 1; n <= ROUNDS; n += 1) {
      say(`latency ${what}, round ${n} of ${ROUNDS}`);
      noise.sample();
      found.push(await p99(side, healthy, EVERY_MS));
    }
    return found;
  };
  const without = medianOf(await rounds('alone'));
  await publish(
    side,
    slowOrigins.flatMap((origin) => Array.from({ length: SLOW_DUE }, () => `${origin}/slow`)),
  );
  await otherRequests(side, slowOrigins.length);
  const slow = medianOf(await rounds(`beside ${slowOrigins.length} slow origins`));
  await otherRequests(side, slowOrigins.length * SLOW_DUE);
  const slowInAll = await otherRequests(side);
  await publish(
    side,
    Array.from({ length: DEAD_COUNT }, () => `${origins[0]}/dead`),
  );
  await otherRequests(side, slowInAll + 1);
  const dead = medianOf(await rounds('beside a dead URL of the same origin'));
  const name = 'without';
  return [
    against(
      `p99 beside ${DEAD_COUNT} due to a dead URL of the origin`,
      'ms',
      dead,
      { name, ...without },
      { of: 'ratio', is: 'at most', bound: 1.2 },
    ),
    against(
      `p99 beside ${slowOrigins.length} slow origins`,
      'ms',
      slow,
      { name, ...without },
      { of: 'ratio', is: 'at most', bound: 1.5 },
    ),
  ];
}

/** Resolves when the receiver has had so many requests that are not healthy ones, with how many they are. */
async function otherRequests({ receiver }: Side, count = 0): Promise<number> {
  let seen = 0;
  await eventually(
    async () => {
      const report = await receiver.ask('report');
      if (report.kind === 'report') seen = report.otherCount;
      return seen >= count;
    },
    { what: `${count} of the others have been sent`, deadlineMs: DEADLINE_MS, everyMs: 100, seen: () => seen },
  );
  return seen;
}
