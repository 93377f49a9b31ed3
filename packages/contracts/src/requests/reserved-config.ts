import type { JsonObject } from '../json.ts';

const RESERVED_KEYS = new Set([
  'thread_id',
  'run_id',
  'graph_id',
  'assistant_id',
  'checkpoint_id',
  'checkpoint_ns',
  'checkpoint_map',
]);

const RESERVED_PREFIX = '__pregel_';

/**
 * Keys of `config.configurable` that only Runlane may set, in the order in which they occur. A request
 * that has one is valid, and rejected at admission with `reserved_config_key`.
 */
export function reservedConfigKeys(configurable: JsonObject | null): string[] {
  if (configurable === null) return [];
  return Object.keys(configurable).filter((key) => RESERVED_KEYS.has(key) || key.startsWith(RESERVED_PREFIX));
}
