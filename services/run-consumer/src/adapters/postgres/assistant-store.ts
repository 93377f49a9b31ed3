import type { JsonObject, RunCreateConfig } from '@runlane/contracts';
import { onDatabase } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { AssistantStore } from '../../app/manage-assistants.ts';
import type { AssistantVersion, StoredAssistant } from '../../domain/assistant.ts';
import { selectServedGraphs } from './served-graphs.ts';
import { sql } from './statements.ts';

type AssistantRow = {
  assistant_id: string;
  version: number;
  graph_id: string;
  name: string;
  description: string | null;
  metadata: JsonObject;
  config: RunCreateConfig | null;
  context: JsonObject | null;
};

/** Assistants and their versions in the database. */
export function createAssistantStore(pool: Pool): AssistantStore {
  return {
    async create(assistantId, version) {
      const rows = await onDatabase(() =>
        query<AssistantRow>(pool, sql.createAssistant, [assistantId, ...columnsOf(version)]),
      );
      return rows.map(assistantOf)[0] ?? null;
    },
    addVersion: (assistantId, next) =>
      onDatabase(() =>
        withTransaction(pool, async (client) => {
          await query(client, sql.lockAssistant, [assistantId]);
          const [active] = await selectAssistants(client, [assistantId]);
          if (active === undefined) return null;
          const version = next(active);
          if (version === null) return active;
          const rows = await query<AssistantRow>(client, sql.addAssistantVersion, [assistantId, ...columnsOf(version)]);
          return rows.map(assistantOf)[0] ?? null;
        }),
      ),
    async version(assistantId, version) {
      const rows = await onDatabase(() =>
        query<AssistantRow>(pool, sql.selectAssistantVersion, [assistantId, version]),
      );
      return rows.map(assistantOf)[0] ?? null;
    },
    async list(after, limit) {
      const rows = await onDatabase(() => query<AssistantRow>(pool, sql.listAssistants, [after, limit]));
      return rows.map(assistantOf);
    },
    async versions(assistantId) {
      const rows = await onDatabase(() =>
        query<AssistantRow & { created_at: Date; is_active: boolean }>(pool, sql.selectAssistantVersions, [
          assistantId,
        ]),
      );
      return rows.map(({ created_at: createdAt, is_active: isActive, ...row }) => ({
        ...assistantOf(row),
        createdAt,
        isActive,
      }));
    },
    async delete(assistantId) {
      const rows = await onDatabase(() => query<{ assistant_id: string }>(pool, sql.deleteAssistant, [assistantId]));
      return rows.length > 0;
    },
    servedGraphs: () => onDatabase(() => selectServedGraphs(pool)),
    async activate(assistantId, version) {
      await onDatabase(() => query(pool, sql.activateAssistantVersion, [assistantId, version]));
    },
  };
}

/** The stored assistants with these ids, each in its active version. */
export async function selectAssistants(client: PoolClient, ids: readonly string[]): Promise<StoredAssistant[]> {
  return (await query<AssistantRow>(client, sql.selectAssistants, [ids])).map(assistantOf);
}

/** The version in the order in which statements have its columns. */
function columnsOf({ graphId, name, description, metadata, config, context }: AssistantVersion): unknown[] {
  return [graphId, name, description, JSON.stringify(metadata), jsonOrNull(config), jsonOrNull(context)];
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function assistantOf(row: AssistantRow): StoredAssistant {
  const { assistant_id: assistantId, graph_id: graphId, ...others } = row;
  return { assistantId, graphId, ...others };
}
