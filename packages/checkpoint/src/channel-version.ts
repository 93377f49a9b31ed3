/**
 * Versions of channels that stay comparable with the stock saver's integers, and that no two branches share.
 *
 * The stock saver counts 1, 2, 3 … and inserts a channel's value under (channel, version) only if that key is free. Two
 * branches of a thread, or a run after a rolled-back one, count alike, and the second one reads the first one's values.
 * Here the whole part counts as before, and a random fraction distinguishes branches: 4 → 5.3728…, which the stock saver
 * continues with 6.3728…
 *
 * @param current the highest version so far; undefined on a new thread
 * @param random a number in [0, 1)
 */
export function nextChannelVersion(current: number | undefined, random: number): number {
  const counted = current === undefined ? 0 : Math.floor(current);
  // Never a whole number, which the stock saver may have given out: the fraction is at least 2^-31.
  return counted + 1 + (Math.floor(random * (FRACTIONS - 1)) + 1) / FRACTIONS;
}

/** 2^31 fractions beside a count up to 2^21 are exact in a double, and so the same number in JSON and in Postgres. */
const FRACTIONS = 2 ** 31;
