import type { JsonObject, RunCreateConfig } from '@runlane/contracts';
import { query } from '@runlane/postgres';
import type { Database, SqlValues } from '@runlane/postgres';
import type { PoolClient } from 'pg';
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
export function createAssistantStore(database: Database): AssistantStore {
  return {
    async create(assistantId, version) {
      const rows = await database.query<AssistantRow>(sql.createAssistant, {
        assistant_id: assistantId,
        ...columnsOf(version),
      });
      return rows.map(assistantOf)[0] ?? null;
    },
    addVersion: (assistantId, next) =>
      database.transaction(async (client) => {
        await query(client, sql.lockAssistant, { assistant_id: assistantId });
        const [active] = await selectAssistants(client, [assistantId]);
        if (active === undefined) return null;
        const version = next(active);
        if (version === null) return active;
        const rows = await query<AssistantRow>(client, sql.addAssistantVersion, {
          assistant_id: assistantId,
          ...columnsOf(version),
        });
        return rows.map(assistantOf)[0] ?? null;
      }),
    async version(assistantId, version) {
      const rows = await database.query<AssistantRow>(sql.selectAssistantVersion, {
        assistant_id: assistantId,
        version,
      });
      return rows.map(assistantOf)[0] ?? null;
    },
    async list(after, limit) {
      const rows = await database.query<AssistantRow>(sql.listAssistants, { after, limit });
      return rows.map(assistantOf);
    },
    async versions(assistantId) {
      const rows = await database.query<AssistantRow & { created_at: Date; is_active: boolean }>(
        sql.selectAssistantVersions,
        { assistant_id: assistantId },
      );
      return rows.map(({ created_at: createdAt, is_active: isActive, ...row }) => ({
        ...assistantOf(row),
        createdAt,
        isActive,
      }));
    },
    async delete(assistantId) {
      const rows = await database.query<{ assistant_id: string }>(sql.deleteAssistant, { assistant_id: assistantId });
      return rows.length > 0;
    },
    servedGraphs: () => database.run(selectServedGraphs),
    async activate(assistantId, version) {
      await database.query(sql.activateAssistantVersion, { assistant_id: assistantId, version });
    },
  };
}

/** The stored assistants with these ids, each in its active version. */
export async function selectAssistants(client: PoolClient, ids: readonly string[]): Promise<StoredAssistant[]> {
  return (await query<AssistantRow>(client, sql.selectAssistants, { assistant_ids: ids })).map(assistantOf);
}

/** The version as its columns. */
function columnsOf({ graphId, name, description, metadata, config, context }: AssistantVersion): SqlValues {
  return {
    graph_id: graphId,
    name,
    description,
    metadata: JSON.stringify(metadata),
    config: jsonOrNull(config),
    context: jsonOrNull(context),
  };
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function assistantOf(row: AssistantRow): StoredAssistant {
  const { assistant_id: assistantId, graph_id: graphId, ...others } = row;
  return { assistantId, graphId, ...others };
}
