/** Never loads: it waits at its top level for a server that does not answer. */
import { graph as echo } from '../echo.ts';

await new Promise(() => undefined);

export const graph = echo;
