import { EventEmitter } from 'node:events';
import { runService } from './lifecycle.ts';
import type { RunServiceOptions, RunningService } from './lifecycle.ts';
import { recordingLogger } from '../recording-logger.fixture.ts';
import type { Scope } from './scope.ts';

export type Start = (scope: Scope, signal: AbortSignal, happened: string[]) => Promise<RunningService>;

export const never = new Promise<never>(() => undefined);

/** Runs a service on a fake process. `started` resolves when `start` has returned. */
export function setup(start: Start, options: Partial<RunServiceOptions> = {}) {
  const { logger, events: logged } = recordingLogger();
  const process = new EventEmitter();
  const happened: string[] = [];
  const started = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<number>();
  const exitCode = runService({
    logger,
    events: process,
    exit: exited.resolve,
    drainGraceMs: 5_000,
    start: async (scope, signal) => {
      signal.addEventListener('abort', () => happened.push('signal aborted'));
      const service = await start(scope, signal, happened);
      queueMicrotask(started.resolve);
      return service;
    },
    ...options,
  });
  const names = (): unknown[] => logged().map(({ msg }) => msg);
  return { process, happened, started: started.promise, exited: exited.promise, exitCode, names, logged };
}

export const startTwoResources: Start = async (scope, _signal, happened) => {
  scope.defer('pool', () => happened.push('pool released'));
  scope.defer('consumer', () => happened.push('consumer released'));
  return {
    failed: [never],
    drain: async (deadlineMs) => {
      happened.push(`drained within ${Math.round(deadlineMs / 1000)} s`);
    },
  };
};
