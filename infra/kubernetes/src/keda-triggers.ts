import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from './manifest.ts';
import { fetchSource, kedaSource } from './schema-sources.ts';

type Trigger = { type: string; metadata: Record<string, string> };

/**
 * What is wrong with the triggers of a ScaledObject, a sentence each. Its schema takes any setting of a trigger, so the
 * names are read where KEDA declares them, in the tags of its scalers.
 *
 * Thrown: as by `fetchSource`; Error for a type of trigger whose scaler is not found.
 */
export async function triggerProblems({ kind, metadata, spec }: Manifest): Promise<string[]> {
  if (kind !== 'ScaledObject') return [];
  const triggers = (spec?.['triggers'] ?? []) as Trigger[];
  const found = await Promise.all(
    triggers.map(async (trigger) => {
      const known = await settingsOf(trigger.type);
      const unknown = Object.keys(trigger.metadata).filter((name) => !known.has(name));
      return unknown.map(
        (name) => `${kind} ${metadata.name}: a trigger of type ${trigger.type} has no setting ${name}`,
      );
    }),
  );
  return found.flat();
}

async function settingsOf(type: string): Promise<Set<string>> {
  const source = await readFile(join(await fetchSource(kedaSource), 'pkg', 'scalers', `${type}_scaler.go`), 'utf8');
  const settings = new Set<string>();
  for (const [, name, order] of source.matchAll(/keda:"name=(\w+),\s*order=([\w;]+)/g)) {
    const places = order?.split(';') ?? [];
    if (places.includes('triggerMetadata')) settings.add(`${name}`);
    if (places.includes('resolvedEnv')) settings.add(`${name}FromEnv`);
  }
  if (settings.size === 0) throw new Error(`the scaler of ${type} declares no settings in the way that is read here`);
  return settings;
}
