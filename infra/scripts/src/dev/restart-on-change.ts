import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Scope } from '@runlane/service-kit';
import type { ServiceChild } from './service-child.ts';
import { describeError, note } from '../terminal.ts';

/** Milliseconds between two looks at the files. */
const LOOK_MS = 300;

export type RestartOptions = {
  /** `langgraph.json`. */
  file: string;
  /** The service that runs, and how it is stopped. */
  running: RestartableChild;
  /** Starts it anew. */
  start: () => Promise<RestartableChild>;
};

export type RestartableChild = { child: ServiceChild; stop: () => Promise<void> };

/**
 * Starts a service anew whenever `langgraph.json` or its env file changes, until the scope ends, because a service reads
 * them only at its start. A failed start, for example because the file is half written, is reported; the next change tries
 * again.
 *
 * @param signal aborts when everything is about to end
 * @returns rejects when the service ends by itself; never resolves
 */
export function restartOnChange(
  scope: Scope,
  signal: AbortSignal,
  { file, running, start }: RestartOptions,
): Promise<never> {
  const died = Promise.withResolvers<never>();
  let current: RestartableChild | null = running;
  let restarting = Promise.resolve();
  running.child.died.catch((error: unknown) => died.reject(error));

  const restart = async (): Promise<void> => {
    if (signal.aborted) return;
    note(`[${running.child.name}] ${file} has changed: starting anew`);
    try {
      await current?.stop();
      current = null;
      current = await start();
      current.child.died.catch((error: unknown) => died.reject(error));
      note(`[${running.child.name}] started, its metrics are at ${current.child.url}/metrics`);
    } catch (error) {
      if (!signal.aborted)
        note(`[${running.child.name}] ${describeError(error)}\nIt starts again when ${file} changes.`);
    }
  };
  const files = [file, ...envFileOf(file)];
  for (const each of files) {
    watchFile(each, { interval: LOOK_MS }, (now, before) => {
      // For a missing file Node reports once that it is missing.
      if (now.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino) return;
      restarting = restarting.then(restart);
    });
  }
  scope.defer('watch of langgraph.json', async () => {
    for (const each of files) unwatchFile(each);
    await restarting;
  });
  return died.promise;
}

/** The env file that a `langgraph.json` names; run-consumer says what is wrong with the rest. */
function envFileOf(file: string): string[] {
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const env = typeof document === 'object' && document !== null && 'env' in document ? document.env : null;
  return typeof env === 'string' ? [resolve(dirname(file), env)] : [];
}
