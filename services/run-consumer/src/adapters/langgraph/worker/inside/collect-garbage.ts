import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

/** Collects all garbage of this thread. @returns the bytes of its heap that are used then */
export function collectGarbage(): number {
  collect ??= exposeCollector();
  collect();
  return getHeapStatistics().used_heap_size;
}

/** No flag for the whole service, so that graphs do not find `gc` in their global scope. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collector: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collector !== 'function') throw new Error('This Node has no garbage collector that can be called.');
  return () => void collector();
}
