import { isJsonObject } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';

/** What differs between two JSON values, a line for each place: `- path: value` was there, `+ path: value` is. */
export function differences(before: Json, after: Json, path = ''): string[] {
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return names.flatMap((name) =>
      differences(before[name] ?? null, after[name] ?? null, path === '' ? name : `${path}.${name}`),
    );
  }
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  if (was === is) return [];
  return [...(before === null ? [] : [`- ${path}: ${was}`]), ...(after === null ? [] : [`+ ${path}: ${is}`])];
}
