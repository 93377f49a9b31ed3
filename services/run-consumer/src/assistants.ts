/** What others may do with the assistants of run-consumer: this module is the package's entry for them. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@runlane/postgres';
import { readLangGraphJson } from './adapters/langgraph/project/langgraph-json.ts';
import { createAssistantStore } from './adapters/postgres/assistant-store.ts';
import { manageAssistants } from './app/manage-assistants.ts';
import type { Assistants } from './app/manage-assistants.ts';

export type { ApplyVerdict, Assistants, ChangeVerdict, CreateVerdict, ListedVersion } from './app/manage-assistants.ts';
export type { AssistantVersion, StoredAssistant } from './domain/assistant.ts';

/** The graphs of a `langgraph.json`. Thrown: RunlaneError `invalid_langgraph_json`. */
export function graphIdsOf(path: string, environment: NodeJS.ProcessEnv): string[] {
  return readLangGraphJson(path, environment).graphs.map(({ graphId }) => graphId);
}

/**
 * The assistants in a migrated database.
 *
 * @param graphIds the graphs of `langgraph.json`; an assistant can be of these, and of those that other deployments execute
 */
export function openAssistants(database: Database, graphIds: readonly string[]): Assistants {
  return manageAssistants({ store: createAssistantStore(database), graphIds, newId: randomUUID });
}
