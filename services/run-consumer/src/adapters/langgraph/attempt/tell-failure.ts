import type { Logger } from '@runlane/service-kit';
import { stacksOf } from './describe-error.ts';
import { runScope } from './run-scope.ts';

/**
 * Logs what a graph threw: its stack, mapped to the lines of the source, its causes, and where in the project it comes from.
 * The event has name and message, and the stack only if the deployment asks for it. That the run has failed, if it has, is
 * said by `run.attempted`.
 */
export function tellFailure(error: unknown, logger: Logger): void {
  logger.info({ err: error, ...runScope(), at: ownFrameOf(error) }, 'graph.failed');
}

/** The first line of an error's stack, or of a cause's, that is neither a dependency's nor Node's; null without one. */
export function ownFrameOf(error: unknown): string | null {
  const frames = stacksOf(error).flatMap((stack) => stack.split('\n').filter((line) => /^\s+at .*[/\\]/.test(line)));
  return frames.find((line) => !/node_modules|node:|\/run-consumer\/src\//.test(line))?.trim() ?? null;
}
