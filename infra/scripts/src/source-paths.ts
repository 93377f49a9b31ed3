import { globSync } from 'node:fs';
import { ROOT } from './paths.ts';

/** Files of the checkout by these patterns, as paths from the root; without what others wrote and what is built from the sources. */
export function sourcePaths(patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: ROOT, exclude: (name) => name === 'node_modules' || name === 'dist' });
}
