import { randomUUID } from 'node:crypto';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { createDatabase } from '@runlane/testkit';
import pg from 'pg';
import { checkpointFloorAt } from './checkpoint-floor.ts';
import { GroupCommit } from './group-commit.ts';
import { RunSaver } from './run-saver.ts';
import type { RunSaverOptions } from './run-saver-options.ts';
import { createBatchWriter } from './write-batch.ts';
import type { Claim } from './claim.ts';

/** A database with LangGraph's tables and the part of the ledger that the saver reads. */
export class CheckpointWorld implements AsyncDisposable {
  readonly pool: pg.Pool;
  /** The statements that `commits` sent, as the number of operations in each. */
  readonly batchSizes: number[] = [];
  readonly commits: GroupCommit;

  private constructor(url: string) {
    this.pool = new pg.Pool({ connectionString: url, max: 5 });
    const write = createBatchWriter(this.pool, 'public');
    this.commits = new GroupCommit(async (batch) => {
      this.batchSizes.push(batch.checkpoints.length + batch.writes.length);
      return write(batch);
    });
  }

  static async create(adminUrl: string): Promise<CheckpointWorld> {
    const world = new CheckpointWorld(await createDatabase(adminUrl));
    await world.pool.query(`
      create schema runlane;
      create table runlane.runs (run_id uuid primary key, fencing_token bigint not null, status text not null, checkpoint_floor text);
      create table runlane.foreign_writes (
        entry_id bigint generated always as identity, run_id uuid not null, thread_id text not null,
        checkpoint_ns text not null, checkpoint_id text not null, task_id text not null, idx integer not null,
        channel text, type text, blob bytea,
        primary key (run_id, checkpoint_ns, checkpoint_id, task_id, idx)
      );
    `);
    await world.stock().setup();
    return world;
  }

  /** The official saver on the same tables. */
  stock(): PostgresSaver {
    return new PostgresSaver(this.pool);
  }

  /** A run in the ledger that is running under token 1, with the floor of now. */
  async startRun(runId: string = randomUUID(), floor: string | null = checkpointFloorAt(Date.now())): Promise<Claim> {
    await this.pool.query(`insert into runlane.runs values ($1, 1, 'running', $2)`, [runId, floor]);
    return { runId, fencingToken: 1n };
  }

  saver(claim: Claim, options: Partial<RunSaverOptions> = {}): RunSaver {
    return new RunSaver({ pool: this.pool, schema: 'public', commits: this.commits, claim, ...options });
  }

  async count(table: 'checkpoints' | 'checkpoint_blobs' | 'checkpoint_writes', threadId: string): Promise<number> {
    const { rows } = await this.pool.query(`select count(*)::int as count from ${table} where thread_id = $1`, [
      threadId,
    ]);
    return rows[0].count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
  }
}
