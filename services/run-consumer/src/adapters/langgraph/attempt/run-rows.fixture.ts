import { randomUUID } from 'node:crypto';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { checkpointFloorAt } from '@runlane/checkpoint/threads';
import { parseRunCreate } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { Database, createPool, migrate } from '@runlane/postgres';
import { createDatabase, silentLogger } from '@runlane/testkit';
import type { Pool, PoolClient } from 'pg';
import type { ClaimedRun } from '../../../domain/run.ts';

/** A transaction in which a test holds a lock outlasts a machine that stands still. */
const PATIENT = 'idle_in_transaction_session_timeout=120000';

/** A database with the ledger's and LangGraph's tables, and runs in it that are claimed without an executor. */
export class RunRows implements AsyncDisposable {
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly database: Database;

  private constructor(databaseUrl: string) {
    this.databaseUrl = databaseUrl;
    this.pool = createPool({
      url: `${databaseUrl}?${PATIENT}`,
      connectTimeoutMs: 60_000,
      applicationName: 'test',
      logger: silentLogger,
    });
    this.database = new Database(this.pool);
  }

  static async create(adminUrl: string): Promise<RunRows> {
    const rows = new RunRows(await createDatabase(adminUrl));
    const directory = new URL('../../../../migrations/', import.meta.url);
    await migrate({ databaseUrl: rows.databaseUrl, directory, schema: 'runlane', logger: silentLogger });
    await new PostgresSaver(rows.pool).setup();
    return rows;
  }

  /** A run of the graph, claimed for the first time. */
  async claim(threadId: string, request: { assistant_id: string } & Record<string, Json>): Promise<ClaimedRun> {
    const parsed = parseRunCreate({ thread_id: threadId, ...request });
    if (parsed.kind === 'invalid') throw new Error(parsed.problems.join(' '));
    const runId = randomUUID();
    const graphId = parsed.request.assistant_id;
    const checkpointFloor = checkpointFloorAt(Date.now());
    await this.pool.query(
      `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request,
         fingerprint, metadata, lane_position, executor_id, fencing_token, attempt, checkpoint_floor, source_topic, source_partition,
         source_offset)
       values ($1, $2, $3, $3, 'running', 'enqueue', '{}', '', '{}', $4, $5, 1::bigint << 32, 1, $6, 't', 0, 0)`,
      [runId, threadId, graphId, Math.floor(Math.random() * 1e9), randomUUID(), checkpointFloor],
    );
    return {
      runId,
      threadId,
      assistantId: graphId,
      graphId,
      request: parsed.request,
      metadata: parsed.request.metadata ?? {},
      multitaskStrategy: 'enqueue',
      attempt: 1,
      fencingToken: 1n << 32n,
      isIsolated: false,
      isTemporary: false,
      restingStatus: 'idle',
      checkpointFloor,
      traceparent: null,
      readySeconds: null,
    };
  }

  /** The next claim, after the executor died. */
  async claimAgain(run: ClaimedRun): Promise<ClaimedRun> {
    const fencingToken = run.fencingToken + (1n << 32n);
    await this.pool.query('update runlane.runs set fencing_token = $2 where run_id = $1', [run.runId, fencingToken]);
    return { ...run, attempt: run.attempt + 1, fencingToken };
  }

  async settle(run: ClaimedRun): Promise<void> {
    await this.pool.query(
      `update runlane.runs set status = 'success', executor_id = null, run_ended_at = now() where run_id = $1`,
      [run.runId],
    );
  }

  /** Works while a transaction is open, such as one that holds an old snapshot; it is rolled back at the end. */
  async inOpenTransaction(begin: string, work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query(begin);
      await work(client);
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
  }
}
