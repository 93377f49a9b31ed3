/**
 * Reads checkpoints with LangGraph's own saver and without a graph, so that an operator can read a thread without its
 * project. The channels come as they are stored, and what follows from a graph's edges (`next`) is missing.
 */
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';
import type { Json } from '@runlane/contracts';
import type { Database } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { CheckpointRow, StoredQuestion, ThreadReader } from '../../../app/read-threads.ts';
import { toWire } from './wire-values.ts';

/** LangGraph's own channels: the input, the triggers of nodes, and the joins. */
const INTERNAL_CHANNEL = /^(?:__start__$|__pregel_|branch:|join:)/;

/** @param schema of LangGraph's tables */
export function createCheckpointReading(database: Database, schema: string): Pick<ThreadReader, 'state' | 'history'> {
  const saverOn = (pool: Pool) => new PostgresSaver(pool, undefined, { schema });
  return {
    async state(threadId, checkpointId) {
      const place = { thread_id: threadId, checkpoint_ns: '' };
      const configurable = checkpointId === null ? place : { ...place, checkpoint_id: checkpointId };
      const tuple = await database.run((pool) => saverOn(pool).getTuple({ configurable }));
      if (tuple === undefined) return null;
      const channels = Object.entries(tuple.checkpoint.channel_values);
      const { json, isLossy } = toWire(Object.fromEntries(channels.filter(([name]) => !INTERNAL_CHANNEL.test(name))));
      return { ...rowOf(tuple), values: typeof json === 'object' && !Array.isArray(json) ? (json ?? {}) : {}, isLossy };
    },
    history: (threadId, { limit, before, runId }) =>
      database.run(async (pool) => {
        const rows: CheckpointRow[] = [];
        const place = { configurable: { thread_id: threadId, checkpoint_ns: '' } };
        const selection = {
          limit,
          ...(before == null ? {} : { before: { configurable: { checkpoint_id: before } } }),
          ...(runId == null ? {} : { filter: { run_id: runId } }),
        };
        for await (const tuple of saverOn(pool).list(place, selection)) rows.push(rowOf(tuple));
        return rows;
      }),
  };
}

function rowOf({ checkpoint, metadata, parentConfig, pendingWrites = [] }: CheckpointTuple): CheckpointRow {
  const parentId: unknown = parentConfig?.configurable?.['checkpoint_id'];
  const told: Record<string, unknown> = { ...metadata };
  const { run_id: runId, step, source } = told;
  return {
    checkpointId: checkpoint.id,
    parentId: typeof parentId === 'string' ? parentId : null,
    createdAt: new Date(checkpoint.ts),
    step: typeof step === 'number' ? step : null,
    source: typeof source === 'string' ? source : null,
    runId: typeof runId === 'string' ? runId : null,
    interrupts: pendingWrites
      .filter(([, channel]) => channel === '__interrupt__')
      .flatMap(([, , value]) => (Array.isArray(value) ? value : [value]))
      .map((value) => interruptOf(toWire(value).json)),
  };
}

function interruptOf(json: Json): StoredQuestion {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { id: null, value: json };
  const { id, value = null, response_schema: schema } = json;
  return {
    id: typeof id === 'string' ? id : null,
    value,
    ...(schema === undefined ? {} : { response_schema: schema }),
  };
}
