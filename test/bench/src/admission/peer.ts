/**
 * The peer of the admission bench, as a process: kafkajs' eachBatch and one bulk insert per batch of the rows that
 * admission writes, offsets committed after it. It checks nothing, so it is an upper bound for admission.
 *
 * usage: KAFKA_BROKERS=… DATABASE_URL=… TOPIC=… GROUP=… node peer.ts, until SIGTERM
 */
import { createHash } from 'node:crypto';
import { assistantIdOfGraph } from '@runlane/contracts';
import type { RunCreate } from '@runlane/contracts';
import { loadSql, query } from '@runlane/postgres';
import type { SqlValues } from '@runlane/postgres';
import type { Batch, KafkaMessage } from 'kafkajs';
import pg from 'pg';
import { BENCH_GRAPH } from '../graph.ts';
import { rawKafka } from '../raw-kafka.ts';

/** As run-consumer has them by default: RUNLANE_DATABASE_POOL_SIZE and the consumer options of our Kafka port. */
const POOL_SIZE = 10;
const PARTITIONS_AT_ONCE = 4;
const FETCH = {
  sessionTimeout: 10_000,
  heartbeatInterval: 3_000,
  maxBytesPerPartition: 256 * 1024,
  maxBytes: 4 * 1024 * 1024,
  minBytes: 1,
  maxWaitTimeInMs: 500,
};

/** What admission stores of a request that names only what the bench's requests name. */
const DEFAULTS: RunCreate = {
  thread_id: null,
  assistant_id: '',
  input: null,
  metadata: null,
  config: null,
  context: null,
  checkpoint_id: null,
  interrupt_before: null,
  interrupt_after: null,
  webhook: null,
  webhook_events: null,
  multitask_strategy: 'enqueue',
  run_id: null,
  command: null,
  if_not_exists: 'create',
  if_thread_status: null,
  on_completion: 'delete',
  after_seconds: null,
  durability: 'async',
};

type Request = { run_id: string; thread_id: string; metadata: object };

const insertBatch = loadSql(new URL('./insert-batch.sql', import.meta.url));
const assistantId = assistantIdOfGraph(BENCH_GRAPH);
const topic = setting('TOPIC');
const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: POOL_SIZE });
const nextPositions = new Map<string, number>();

const consumer = rawKafka(setting('KAFKA_BROKERS').split(','), 'bench-peer').consumer({
  groupId: setting('GROUP'),
  allowAutoTopicCreation: false,
  ...FETCH,
});
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write(`${JSON.stringify({ msg: 'consumer.joined' })}\n`));
consumer.on(consumer.events.CRASH, ({ payload }) => {
  process.stderr.write(`${payload.error.stack}\n`);
  process.exit(1);
});
process.once('SIGTERM', () => process.exit(0));

await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
  eachBatch: async (payload) => {
    const { batch } = payload;
    await query(pool, insertBatch, {
      source_topic: topic,
      source_partition: batch.partition,
      ...columnsOf(batch),
      assistant_id: assistantId,
      graph_id: BENCH_GRAPH,
    });
    payload.resolveOffset(batch.lastOffset());
    await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
  },
});

function columnsOf(batch: Batch): SqlValues {
  const rows = batch.messages.map(rowOf);
  return {
    run_ids: rows.map((row) => row.runId),
    thread_ids: rows.map((row) => row.threadId),
    requests: rows.map((row) => row.request),
    fingerprints: rows.map((row) => row.fingerprint),
    metadata: rows.map((row) => row.metadata),
    lane_positions: rows.map((row) => row.lanePosition),
    is_ready: rows.map((row) => row.lanePosition === 1),
    source_offsets: rows.map((row) => row.offset),
  };
}

function rowOf({ value, offset }: KafkaMessage) {
  if (value === null) throw new Error(`The record at offset ${offset} has no value.`);
  const request = JSON.parse(value.toString()) as Request;
  const lanePosition = nextPositions.get(request.thread_id) ?? 1;
  nextPositions.set(request.thread_id, lanePosition + 1);
  return {
    runId: request.run_id,
    threadId: request.thread_id,
    request: JSON.stringify({ ...DEFAULTS, ...request }),
    fingerprint: createHash('sha256').update(value).digest('hex'),
    metadata: JSON.stringify(request.metadata),
    lanePosition,
    offset,
  };
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
