import type { Fault } from './faults.ts';
import { runChaos } from './run-chaos.ts';
import type { ChaosOptions } from './run-chaos.ts';

/**
 * The fewest of the faults with which the seed still fails, by leaving out halves, then quarters and so on. Each try is a
 * whole run. A fault that fails only sometimes may seem to need others that it does not need.
 */
export async function shrink(
  options: ChaosOptions,
  faults: readonly Fault[],
  tell: (line: string) => void,
): Promise<readonly Fault[]> {
  return fewest(faults, async (fewer) => {
    const { problems } = await runChaos({ ...options, faults: fewer, tell: () => undefined });
    tell(`with ${fewer.length} faults: ${problems.length} problems`);
    return problems.length > 0;
  });
}

/** @param fails whether it still fails with these alone */
export async function fewest<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); left.length > 0; size = Math.floor(size / 2)) {
    let isSmaller = false;
    for (let from = 0; from < left.length;) {
      const without = left.filter((_item, index) => index < from || index >= from + size);
      if (await fails(without)) {
        left = without;
        isSmaller = true;
      } else from += size;
    }
    if (size <= 1) {
      if (!isSmaller) return left;
      size = 2;
    }
  }
  return left;
}
