/** Never loads: it computes for ever at its top level, and blocks its thread. */
import { graph as echo } from '../echo.ts';

const startedMs = performance.now();
while (performance.now() - startedMs < 3_600_000);

export const graph = echo;
