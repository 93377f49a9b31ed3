import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** A fault that a test build of the services has: a text of a source file that is replaced. */
export type Plant = { law: string; file: string; find: string; replace: string };

/** One for each law that the outside can see broken. No flag of the product does this: a loader of the tests patches it. */
export const PLANTS: ReadonlyMap<string, Plant> = new Map([]);

/** Options of Node for services that have the fault. Thrown when there is none of the name. */
export function plantOptions(name: string | null): string[] {
  if (name === null) return [];
  if (!PLANTS.has(name)) throw new Error(`There is no plant ${name}. Plants: ${[...PLANTS.keys()].join(', ')}.`);
  return [`--import=${pathToFileURL(join(import.meta.dirname, 'plant-hook.ts')).href}?plant=${name}`];
}
