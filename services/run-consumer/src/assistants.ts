/** What others may do with the assistants of run-consumer: this module is the package's entry for them. */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { createAssistantStore } from './adapters/postgres/assistant-store.ts';
import { manageAssistants } from './app/manage-assistants.ts';
import type { Assistants } from './app/manage-assistants.ts';

export type { Assistants, ChangeVerdict, CreateVerdict } from './app/manage-assistants.ts';
export type { StoredAssistant } from './domain/assistant.ts';

/**
 * The assistants in a migrated database.
 *
 * @param graphIds the graphs of `langgraph.json`; an assistant can be of these, and of those that other deployments execute
 */
export function openAssistants(pool: Pool, graphIds: readonly string[]): Assistants {
  return manageAssistants({ store: createAssistantStore(pool), graphIds, newId: randomUUID });
}
