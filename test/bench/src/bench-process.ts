import { ServiceProcess } from '@runlane/testkit';

const DIE_WITH_PARENT = new URL('./die-with-parent.ts', import.meta.url);

/**
 * A process of a bench, ours or a peer's: the same start for both.
 *
 * @param nodeOptions further options of Node, as in NODE_OPTIONS
 */
export function startBenchProcess(
  entry: URL,
  environment: Record<string, string>,
  nodeOptions: readonly string[] = [],
): ServiceProcess {
  return new ServiceProcess(entry, {
    ...environment,
    NODE_OPTIONS: [`--import=${DIE_WITH_PARENT.href}`, ...nodeOptions].join(' '),
  });
}
