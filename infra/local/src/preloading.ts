import type { PostgresOptions } from './server.ts';

/** The setting of a server that loads libraries when it starts; none when there are no libraries. */
export function preloading({ preload = [] }: Pick<PostgresOptions, 'preload'>): string[] {
  return preload.length === 0 ? [] : [`shared_preload_libraries=${preload.join(',')}`];
}
