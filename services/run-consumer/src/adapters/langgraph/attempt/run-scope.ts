import { AsyncLocalStorage } from 'node:async_hooks';
import { runFields } from '@runlane/service-kit';
import type { RunFields } from '@runlane/service-kit';
import type { ClaimedRun } from '../../../domain/run.ts';

/** Which run executes, as log lines name it. */
export type RunScope = RunFields & { graph_id: string };

const scopes = new AsyncLocalStorage<RunScope>();

/** Executes code of the run; `runScope` then names the run. */
export function inRun<T>(run: ClaimedRun, execute: () => T): T {
  return scopes.run({ ...runFields(run), graph_id: run.graphId }, execute);
}

/** The run that is executing; empty outside of a run, for example while a module loads. */
export function runScope(): RunScope | Record<string, never> {
  return scopes.getStore() ?? {};
}

/** The same object for as long as the run executes; `other` outside of one. */
export function runScopeOr<T>(other: T): RunScope | T {
  return scopes.getStore() ?? other;
}
