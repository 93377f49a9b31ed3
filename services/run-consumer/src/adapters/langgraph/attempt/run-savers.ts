import { RunSaver } from '@runlane/checkpoint';
import type { RunSaverOptions } from '@runlane/checkpoint';
import type { RunnerDependencies } from './graph-runner.ts';

/** Makes the savers of attempts: each writes under the claim of its run, and as durably as the request wants it. */
export function createRunSavers(
  shared: Pick<RunSaverOptions, 'pool' | 'schema' | 'commits' | 'isClockWrong'>,
): RunnerDependencies['newSaver'] {
  return ({ runId, fencingToken, threadId, metadata, request, checkpointFloor }, ties) =>
    new RunSaver({
      ...shared,
      claim: { runId, fencingToken },
      threadId,
      floor: checkpointFloor,
      metadata,
      isDeferred: request.durability === 'async',
      ...ties,
    });
}
