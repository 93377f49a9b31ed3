/** The cases of the zoo: a folder each, with a graph as a user writes it and the requests of one thread, in order. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Json } from '@runlane/contracts';

/**
 * A `RunCreate` without `assistant_id`, which is the case; `thread_id` is there only to be null. `checkpoint_of` stands for
 * the `checkpoint_id` that an earlier run ended with, by its place in the list.
 */
export type ZooRequest = Record<string, Json>;

export type ZooCase = {
  name: string;
  /** The module that exports `graph`. */
  file: string;
  requests: ZooRequest[];
};

/** The folder of all cases. */
export const CASES = fileURLToPath(new URL('../cases/', import.meta.url));

export function zooCases(): ZooCase[] {
  return readdirSync(CASES)
    .filter((name) => existsSync(`${CASES}${name}/requests.json`))
    .map((name) => ({
      name,
      file: `${CASES}${name}/graph.ts`,
      requests: JSON.parse(readFileSync(`${CASES}${name}/requests.json`, 'utf8')) as ZooRequest[],
    }));
}

/** The same, with the checkpoint itself in place of the run's that has left it. */
export function requestFrom(request: ZooRequest, checkpoints: readonly (string | null)[]): ZooRequest {
  const { checkpoint_of: place, ...others } = request;
  return typeof place === 'number' ? { ...others, checkpoint_id: checkpoints[place] ?? null } : request;
}

/** Whether a run begins at a checkpoint that is only known when an earlier one has ended. */
export function isForking(requests: readonly ZooRequest[]): boolean {
  return requests.some((request) => 'checkpoint_of' in request);
}

/** The thread of a case, in both ways of running it: graphs may put its id into their state. */
export function threadOf(name: string): string {
  return `zoo-${name}`;
}
