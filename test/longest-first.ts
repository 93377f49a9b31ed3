import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

const ROOT = join(import.meta.dirname, '..');
/** Seconds that the slowest files take, by their path from the root. `infra/scripts/slow-tests.ts` writes it. */
const SECONDS: Record<string, number> = JSON.parse(readFileSync(join(import.meta.dirname, 'slow-files.json'), 'utf8'));

/** Begins with the slowest files, so that none of them runs alone at the end; the rest is in vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const secondsOf = ({ moduleId }: TestSpecification): number => SECONDS[relative(ROOT, moduleId)] ?? 0;
    return (await super.sort(files)).toSorted((one, other) => secondsOf(other) - secondsOf(one));
  }
}
