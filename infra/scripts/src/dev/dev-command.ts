/**
 * Purpose   The life of `npm start` and `npm run infra`: one per checkout, everything started is stopped in reverse order.
 * Ends      With 0 after Ctrl-C, SIGTERM, a closed terminal or a closed output; with 1 when anything failed. Further
 *           requests to stop count as the same request.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runService } from '@runlane/service-kit';
import type { Logger, RunningService, Scope } from '@runlane/service-kit';
import { createDevLogger } from './dev-logger.ts';
import { removeStaleDevEnv } from './dev-env.ts';
import { acquireDevLock } from './dev-lock.ts';
import { describeError, note, stopWithTerminal } from '../terminal.ts';

/** What a command works with. `stateDirectory` is `.runlane`; `logDirectory` exists. */
export type DevStack = { stateDirectory: string; logDirectory: string; logger: Logger };

export type DevCommand = {
  /** As the user calls it. */
  name: 'npm start' | 'npm run infra';
  /** Where the state of the checkout lives: `.runlane`. */
  stateDirectory: string;
  /** How long the release of everything may take, in milliseconds. */
  stopGraceMs: number;
  /** Starts everything; like `start` of `runService`. */
  start: (scope: Scope, signal: AbortSignal, stack: DevStack) => Promise<RunningService>;
};

/** An interrupted start gives up at its next wait; the longest step before that is one of Maven or initdb. */
const ABANDON_START_MS = 15_000;

/** Runs the command until it is asked to stop, and returns the exit code. */
export async function runDevCommand(command: DevCommand): Promise<number> {
  const { name, stateDirectory } = command;
  stopWithTerminal();
  let lock: Disposable;
  try {
    lock = acquireDevLock(stateDirectory, name);
  } catch (error) {
    note(`${name}: ${describeError(error)}`);
    return 1;
  }
  using _lock = lock; // held until the awaited end below
  removeStaleDevEnv(stateDirectory);
  const logDirectory = join(stateDirectory, 'logs');
  mkdirSync(logDirectory, { recursive: true });
  const logger = createDevLogger(name, join(logDirectory, 'dev.log'));
  return await runService({
    logger,
    drainGraceMs: ABANDON_START_MS,
    disposeGraceMs: command.stopGraceMs,
    start: async (scope, signal) => {
      scope.defer('the terminal', () => note(`${name}: stopped`));
      signal.addEventListener('abort', () => note(`${name}: stopping`));
      try {
        const service = await command.start(scope, signal, { stateDirectory, logDirectory, logger });
        for (const part of service.failed) part.catch((error: unknown) => report(name, error));
        return service;
      } catch (error) {
        if (!signal.aborted) report(name, error);
        throw error;
      }
    },
  });
}

function report(name: string, error: unknown): void {
  note(`${name}: ${describeError(error)}`);
}
