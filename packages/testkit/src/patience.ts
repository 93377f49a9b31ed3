/**
 * How many times longer than on a quiet machine a test waits before it says that something does not happen. Machines that
 * run tests are busy with other things; a deadline that is too long costs time only when a test fails.
 */
const SLOWNESS = 5;

/** Milliseconds to allow for what a quiet machine does within as many as are given. */
export function patiently(quietMs: number): number {
  return quietMs * SLOWNESS;
}
