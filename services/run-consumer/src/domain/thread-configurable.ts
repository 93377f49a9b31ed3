/**
 * A thread's `configurable` carries over to its later runs, as on LangGraph's servers: the assistant's under the thread's
 * under the run's own, member by member. A run stores what it had on its thread when it ends, so that the runs that wait for
 * it see it in the order of the log. A run that is rolled back stores nothing.
 */
import type { JsonObject, RunCreate } from '@runlane/contracts';

/** The `configurable` of each; null: none. */
export type Configurables = { own: JsonObject | null; assistant: JsonObject | null; thread: JsonObject | null };

/** The request with the thread's `configurable` in its place; without one the request itself. */
export function requestOnThread(request: RunCreate, { own, assistant, thread }: Configurables): RunCreate {
  if (thread === null) return request;
  const { tags = null, recursion_limit = null } = request.config ?? {};
  return {
    ...request,
    config: { tags, recursion_limit, configurable: { ...assistant, ...thread, ...own } },
  };
}
