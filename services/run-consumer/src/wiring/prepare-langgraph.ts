/** LangGraph's tables, made by its own package. Loaded only when there is something to make, because the package is large. */
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { Pool } from 'pg';
import type { StoreSettings } from '../adapters/langgraph/project/langgraph-json-store.ts';
import { prepareStore } from '../adapters/langgraph/store/prepare-store.ts';
import type { StoreOptions } from '../adapters/langgraph/store/store.ts';

/**
 * Creates or migrates the tables of checkpoints and of the store. Two callers must not do this at the same time: LangGraph's
 * set-up takes no lock.
 */
export async function prepareLangGraph(pool: Pool, options: StoreOptions & { settings: StoreSettings }): Promise<void> {
  await new PostgresSaver(pool, undefined, { schema: options.schema }).setup();
  await prepareStore(pool, options);
}
