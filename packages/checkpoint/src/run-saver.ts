import type { RunnableConfig } from '@langchain/core/runnables';
import { WRITES_IDX_MAP } from '@langchain/langgraph-checkpoint';
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  PendingWrite,
} from '@langchain/langgraph-checkpoint';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { isDatabaseUnavailable } from '@runlane/postgres';
import type { Pool } from 'pg';
import { nextChannelVersion } from './channel-version.ts';
import type { Operation } from './checkpoint-batch.ts';
import type { GroupCommit } from './group-commit.ts';
import { takeBackAnswers } from './journal.ts';
import { OwnCheckpoints } from './own-checkpoints.ts';
import { withPreparedReads } from './prepared-reads.ts';
import { WriteRefused } from './write-claim.ts';
import type { WriteClaim } from './write-claim.ts';

export type RunSaverOptions = {
  /** For reading. */
  pool: Pool;
  /** Schema of LangGraph's tables. */
  schema: string;
  /** For writing, shared by the runs of a process. */
  commits: GroupCommit;
  /** The run that writes. */
  claim: WriteClaim;
  /** The run's own metadata, for every checkpoint; what LangGraph writes there wins. Default none. */
  metadata?: Record<string, unknown>;
  /**
   * Whether a write counts as done when it is queued, so that the writes of several supersteps share a commit: for runs of
   * durability `async`, which may lose what is under way. `flush` tells whether all were committed. Default false.
   */
  isDeferred?: boolean;
  /** Called once, when a write was refused because somebody else owns the run by now. */
  onRefused?: (error: WriteRefused) => void;
};

/** Deferred writes of a run that may be under way; with more, each waits for its commit. */
const MAX_DEFERRED = 32;

/**
 * Purpose   The saver of one attempt of a run: the official PostgresSaver, its tables and its reads, with other writes.
 * I3        Every write is conditional on the run's token; a refused one says so and tells the executor.
 * I7        Checkpoints carry `run_id` in their metadata: LangGraph then continues a run that is invoked again with the
 *           same input, instead of applying the input twice.
 * I8        Writes onto checkpoints of other runs are journalled, see journal.ts.
 * I9        After `quiesce()` nothing is under way and nothing more is written.
 * Order     Writes are committed in the order of their calls, and after one that failed no later one is (group-commit.ts):
 *           what is in the tables is always a beginning of what the run wrote.
 * Versions  See channel-version.ts: branches never share a blob.
 */
export class RunSaver extends PostgresSaver {
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #claim: WriteClaim;
  readonly #commits: GroupCommit;
  readonly #metadata: Record<string, unknown>;
  readonly #onRefused: (error: WriteRefused) => void;
  readonly #isDeferred: boolean;
  readonly #own: OwnCheckpoints;
  readonly #underWay = new Set<Promise<unknown>>();
  #failure: { error: unknown } | null = null;
  #isClosed = false;
  #isRefused = false;
  #unavailable: unknown = null;

  constructor(options: RunSaverOptions) {
    super(withPreparedReads(options.pool), undefined, { schema: options.schema });
    this.#pool = options.pool;
    this.#schema = options.schema;
    this.#claim = options.claim;
    this.#own = new OwnCheckpoints(options.claim.runId);
    this.#commits = options.commits;
    this.#metadata = options.metadata ?? {};
    this.#isDeferred = options.isDeferred ?? false;
    this.#onRefused = options.onRefused ?? (() => undefined);
  }

  /** The outage of the database that the run has met; null if none. Then the run did not fail, it has to be repeated. */
  get unavailable(): unknown {
    return this.#unavailable;
  }

  /** True once a write was refused because somebody else owns the run. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Resolves when everything written so far is committed. Thrown: the first failure, which no later write survives. */
  async flush(): Promise<void> {
    await this.#idle();
    if (this.#failure !== null) throw this.#failure.error;
  }

  /**
   * Waits until nothing is under way, and nothing begins in the next turn of the event loop: LangGraph chains its writes,
   * and goes on with them after it has let go of an aborted graph.
   */
  async settle(): Promise<void> {
    do {
      await this.#idle();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#underWay.size > 0);
  }

  /** Refuses further writes and waits for those under way. Never rejects. */
  async quiesce(): Promise<void> {
    this.#isClosed = true;
    await this.#idle();
  }

  /** Before a command is applied again, see journal.ts. True when an earlier attempt has written any part of it. */
  takeBackAnswers(): Promise<boolean> {
    return this.#noticing(takeBackAnswers(this.#pool, this.#schema, this.#claim));
  }

  override getNextVersion(current: number | undefined): number {
    return nextChannelVersion(current, Math.random());
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    // A run reads what it has written.
    await this.#idle();
    const tuple = await this.#noticing(super.getTuple(config));
    if (tuple !== undefined) this.#own.noteRead(tuple);
    return tuple;
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    await this.#idle();
    for await (const tuple of super.list(config, options)) {
      this.#own.noteRead(tuple);
      yield tuple;
    }
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { threadId, namespace, checkpointId } = placeOf(config);
    await this.#write(async () => {
      const tagged = { ...this.#metadata, ...metadata, run_id: this.#claim.runId };
      const [blobs, dumpedMetadata] = await Promise.all([
        this._dumpBlobs(threadId, namespace, checkpoint.channel_values, newVersions),
        this._dumpMetadata(tagged),
      ]);
      this.#own.notePut(namespace, checkpoint.id);
      return {
        kind: 'put',
        claim: this.#claim,
        checkpoint: {
          threadId,
          namespace,
          checkpointId: checkpoint.id,
          parentId: checkpointId,
          checkpoint: JSON.stringify(this._dumpCheckpoint(checkpoint)),
          metadata: JSON.stringify(dumpedMetadata),
        },
        blobs: blobs.map(([, , channel, version, type, bytes]) => ({
          threadId,
          namespace,
          channel,
          version,
          type,
          bytes: bytes ?? null,
        })),
      };
    });
    return { configurable: { thread_id: threadId, checkpoint_ns: namespace, checkpoint_id: checkpoint.id } };
  }

  override async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    const { threadId, namespace, checkpointId } = placeOf(config);
    if (checkpointId === null) throw new TypeError('putWrites needs checkpoint_id in config.configurable.');
    await this.#write(async () => {
      const dumped = await this._dumpWrites(threadId, namespace, checkpointId, taskId, writes);
      return {
        kind: 'writes',
        claim: this.#claim,
        replaces: writes.every(([channel]) => channel in WRITES_IDX_MAP),
        isForeign: this.#own.isForeign(namespace, checkpointId),
        rows: dumped.map(([, , , , index, channel, type, bytes]) => ({
          threadId,
          namespace,
          checkpointId,
          taskId,
          index,
          channel,
          type,
          bytes,
        })),
      };
    });
  }

  override deleteThread(): Promise<void> {
    return Promise.reject(new Error('A run cannot delete its own thread.'));
  }

  /** Values are taken down at once: the graph goes on changing them. */
  #write(describe: () => Promise<Operation>): Promise<void> {
    if (this.#isClosed) return Promise.reject(new WriteRefused(this.#claim, 'closed'));
    const written = this.#noticing(describe().then((operation) => this.#submit(operation)));
    if (!this.#isDeferred) return written;
    written.catch((error: unknown) => (this.#failure ??= { error }));
    return this.#underWay.size > MAX_DEFERRED ? written : Promise.resolve();
  }

  async #idle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #submit(operation: Operation): Promise<void> {
    // Closed while the values were serialised: the run may be over by the time the statement runs.
    if (this.#isClosed) throw new WriteRefused(this.#claim, 'closed');
    await this.#commits.submit(operation);
  }

  async #noticing<T>(operation: Promise<T>): Promise<T> {
    this.#underWay.add(operation);
    try {
      return await operation;
    } catch (error) {
      if (isDatabaseUnavailable(error)) this.#unavailable = error;
      if (error instanceof WriteRefused && error.because === 'not_owned' && !this.#isRefused) {
        this.#isRefused = true;
        this.#onRefused(error);
      }
      throw error;
    } finally {
      this.#underWay.delete(operation);
    }
  }
}

function placeOf(config: RunnableConfig): { threadId: string; namespace: string; checkpointId: string | null } {
  const configurable: Record<string, unknown> = config.configurable ?? {};
  const { thread_id: threadId, checkpoint_ns: namespace = '', checkpoint_id: checkpointId } = configurable;
  if (typeof threadId !== 'string' || typeof namespace !== 'string') {
    throw new TypeError('A checkpoint needs thread_id in config.configurable.');
  }
  return { threadId, namespace, checkpointId: typeof checkpointId === 'string' ? checkpointId : null };
}
