import { relative } from 'node:path';
import type { Logger } from '@runlane/service-kit';
import type { LangGraphProject } from '../adapters/langgraph/project/langgraph-json.ts';
import type { GraphWorkers } from '../adapters/langgraph/worker/graph-workers.ts';

/**
 * Makes the workers load their graphs anew whenever a file of the project changes, until the signal aborts. New runs use the
 * new code, and executing ones end with the old code. Resolves when changes are watched.
 */
export async function reloadOnChange(
  project: LangGraphProject,
  workers: GraphWorkers,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  // None of this is loaded in production.
  const { watchProject } = await import('../adapters/langgraph/project/watch-project.ts');
  await watchProject(project, signal, (changed) => {
    const files = changed.map((file) => relative(project.directory, file));
    // Its content takes effect with the next start.
    if (changed.includes(project.file)) logger.warn({ file: project.file }, 'project.changed');
    logger.info({ files }, 'graphs.reloading');
    workers.reload().then(
      () => logger.info('graphs.reloaded'),
      (error: unknown) => logger.error({ err: error }, 'graphs.not_reloaded'),
    );
  });
}
