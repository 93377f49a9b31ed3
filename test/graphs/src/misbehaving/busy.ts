/** Never loads: it computes for ever at its top level, and nothing else in its thread goes on. */
import { graph as echo } from '../echo.ts';

const startedMs = performance.now();
while (performance.now() - startedMs < 3_600_000);

export const graph = echo;
