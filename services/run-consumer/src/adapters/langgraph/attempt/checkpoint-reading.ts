/**
 * Reads checkpoints with LangGraph's own saver and without a graph, so that an operator can read a thread without its
 * project. The channels come as they are stored, and what follows from a graph's edges (`next`) is missing.
 */
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { listCheckpoints } from '@runlane/checkpoint/list';
import type { ListedCheckpoint } from '@runlane/checkpoint/list';
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
    history: (threadId, { limit, before = null, runId = null }) =>
      database.run(async (pool) => {
        const { serde } = saverOn(pool);
        const found = await listCheckpoints(pool, schema, { threadId, runId, before, limit });
        const decoded = ({ type, blob }: ListedCheckpoint['interrupts'][number]): Promise<unknown> =>
          Promise.resolve(serde.loadsTyped(type, blob));
        return Promise.all(
          found.map(async ({ checkpointId, parentId, createdAt, metadata, interrupts }) => ({
            checkpointId,
            parentId,
            createdAt,
            ...toldBy(metadata),
            interrupts: questionsOf(await Promise.all(interrupts.map(decoded))),
          })),
        );
      }),
  };
}

function rowOf({ checkpoint, metadata, parentConfig, pendingWrites = [] }: CheckpointTuple): CheckpointRow {
  const parentId: unknown = parentConfig?.configurable?.['checkpoint_id'];
  return {
    checkpointId: checkpoint.id,
    parentId: typeof parentId === 'string' ? parentId : null,
    createdAt: new Date(checkpoint.ts),
    ...toldBy({ ...metadata }),
    interrupts: questionsOf(
      pendingWrites.filter(([, channel]) => channel === '__interrupt__').map(([, , value]) => value),
    ),
  };
}

/** What the metadata of a checkpoint says of it. */
function toldBy({
  run_id: runId,
  step,
  source,
}: Record<string, unknown>): Pick<CheckpointRow, 'step' | 'source' | 'runId'> {
  return {
    step: typeof step === 'number' ? step : null,
    source: typeof source === 'string' ? source : null,
    runId: typeof runId === 'string' ? runId : null,
  };
}

function questionsOf(written: readonly unknown[]): StoredQuestion[] {
  return written
    .flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]))
    .map((value) => interruptOf(toWire(value).json));
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
