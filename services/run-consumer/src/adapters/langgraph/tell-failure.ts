import type { Logger } from '@runlane/service-kit';
import { runScope } from './run-scope.ts';

/**
 * Tells the log what a graph threw: its stack, mapped to the lines of the source, its causes, and where in the project it
 * comes from. The event has name and message only.
 */
export function tellFailure(error: unknown, logger: Logger): void {
  const at = error instanceof Error ? firstOwnFrame(error) : null;
  logger.error({ err: error, ...runScope(), at }, 'graph.failed');
}

/** The first line of the stack, or of a cause's, that is neither a dependency's nor Node's; null without one. */
function firstOwnFrame(error: Error): string | null {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at .*[/\\]/.test(line));
  const own = frames.find((line) => !/node_modules|node:|\/run-consumer\/src\//.test(line));
  if (own !== undefined) return own.trim();
  return error.cause instanceof Error ? firstOwnFrame(error.cause) : null;
}
