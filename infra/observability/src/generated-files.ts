import { join } from 'node:path';
import { catalogueText, readCatalogue } from './catalogue.ts';

/** The folder of what is watched, and how. */
export const OBSERVABILITY = join(import.meta.dirname, '..');

/** What is derived from the sources, by its path. */
export async function observabilityFiles(): Promise<{ file: string; text: string }[]> {
  return [{ file: join(OBSERVABILITY, 'metrics.md'), text: catalogueText(await readCatalogue()) }];
}
