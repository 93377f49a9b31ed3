import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchSource, operatorSources, parseManifests, strimziDefinitions } from '@runlane/kubernetes';
import type { DefinitionSource } from '@runlane/kubernetes';
import type { Kubectl } from './kubectl.ts';

/** Makes every kind of an operator known that is to be run: it waits for all of them. Thrown: what is refused. */
export async function applyAllDefinitions(kubectl: Kubectl, source: DefinitionSource): Promise<void> {
  const folder = join(await fetchSource(source), source.folder);
  const files = readdirSync(folder).map((file) => join(folder, file));
  await applied(kubectl, files);
}

/** Makes the kinds of the operators known, as installing an operator does; the number of them. Thrown: what is refused. */
export async function applyDefinitions(kubectl: Kubectl): Promise<number> {
  const files = await strimziDefinitions();
  for (const source of operatorSources) {
    const folder = join(await fetchSource(source), source.folder);
    for (const file of readdirSync(folder)) if (source.files.test(file)) files.push(join(folder, file));
  }
  return applied(kubectl, files);
}

async function applied(kubectl: Kubectl, files: readonly string[]): Promise<number> {
  const definitions = files.flatMap((file) => parseManifests(readFileSync(file, 'utf8')));
  const { isAccepted, output } = await kubectl.apply(definitions);
  if (!isAccepted) throw new Error(`Definitions are refused:\n${output}`);
  await kubectl.well('wait', '--for=condition=Established', 'customresourcedefinitions', '--all', '--timeout=60s');
  return definitions.length;
}
