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
import { backoff, retrying } from '@runlane/service-kit';
import type { Pool } from 'pg';
import { withoutAppliedCommand } from './applied-command.ts';
import { nextChannelVersion } from './channel-version.ts';
import type { Operation } from './checkpoint-batch.ts';
import { NewestCheckpoints, WrongClock } from './checkpoint-clock.ts';
import { floorBelow, lowerCheckpointFloor } from './checkpoint-floor.ts';
import type { GroupCommit } from './group-commit.ts';
import { takeBackAnswers } from './journal.ts';
import { hasOverrun, isOutage } from './outage.ts';
import { OrderedWrites } from './ordered-writes.ts';
import { OwnCheckpoints } from './own-checkpoints.ts';
import { placeOf } from './place.ts';
import { withPreparedReads } from './prepared-reads.ts';
import type { RunSaverOptions, SaverFailure } from './run-saver-options.ts';
import { Progress } from './written-progress.ts';
import type { WrittenProgress } from './written-progress.ts';
import { WriteRefused } from './claim.ts';
import type { Claim } from './claim.ts';

/** Waits between tries of a read during an outage. */
const RETRY = { baseMs: 50, maxMs: 1_000 };
/** Deferred writes that a run may have under way; above that, each waits for its commit. */
const MAX_DEFERRED = 32;

/**
 * Purpose   The saver of one attempt of a run: the official PostgresSaver, its tables and its reads, with other writes.
 * I3        Every write is conditional on the run's token; a refused write fails and informs the executor.
 * I7        Checkpoints carry `run_id` in their metadata: LangGraph then continues a run that is invoked again with the
 *           same input, instead of applying the input twice.
 * I8        Writes onto checkpoints of other runs are journalled, see journal.ts; no checkpoint is below the run's floor.
 * I9        After `quiesce()` nothing is under way and nothing more is written.
 * I11       An outage is waited out, see group-commit.ts, until the attempt is aborted or the saver closed.
 * Order     Writes are committed in the order of their calls, and after one that failed no later one is (group-commit.ts):
 *           what is in the tables is always a beginning of what the run wrote.
 * Clock     See checkpoint-clock.ts: nothing is written below what the thread has.
 * Versions  See channel-version.ts: branches never share a blob.
 */
export class RunSaver extends PostgresSaver {
  readonly #pool: Pool;
  readonly #schema: string;
  readonly #claim: Claim;
  readonly #commits: GroupCommit;
  readonly #writes: OrderedWrites;
  readonly #metadata: Record<string, unknown>;
  readonly #threadId: string | null;
  readonly #signal: AbortSignal;
  readonly #onRefused: (error: WriteRefused) => void;
  readonly #isDeferred: boolean;
  readonly #own: OwnCheckpoints;
  readonly #newest: NewestCheckpoints;
  readonly #progress = new Progress();
  #tellsInMetadata: () => Record<string, unknown> = () => ({});
  #floor: string | null;
  #readFailure: { error: unknown } | null = null;
  #isRefused = false;

  constructor(options: RunSaverOptions) {
    super(withPreparedReads(options.pool), undefined, { schema: options.schema });
    this.#pool = options.pool;
    this.#schema = options.schema;
    this.#claim = options.claim;
    this.#own = new OwnCheckpoints(options.claim.runId);
    this.#commits = options.commits;
    this.#metadata = options.metadata ?? {};
    this.#isDeferred = options.isDeferred ?? false;
    this.#threadId = options.threadId ?? null;
    this.#floor = options.floor ?? null;
    this.#onRefused = options.onRefused ?? (() => undefined);
    this.#writes = new OrderedWrites(options.commits, options.claim, (error) => {
      if (!this.#noticeRefusal(error)) options.onFailure?.(error);
    });
    this.#signal = options.signal ?? new AbortController().signal;
    this.#newest = new NewestCheckpoints({ ...options, signal: this.#signal });
    const letGo = () => this.#commits.letGo(this.#claim);
    if (this.#signal.aborted) letGo();
    else this.#signal.addEventListener('abort', letGo, { once: true });
  }

  /**
   * The failure that kept the run from writing, or otherwise from reading; null if there was none, or if the write was
   * refused (I3).
   */
  get failure(): SaverFailure | null {
    const failure = this.#writes.failure ?? this.#readFailure;
    if (failure === null || failure.error instanceof WriteRefused) return null;
    const { error } = failure;
    if (error instanceof WrongClock) return { kind: 'clock', error };
    if (isOutage(error)) return { kind: 'outage', error };
    if (hasOverrun(error)) return { kind: 'overrun', error };
    return this.#writes.failure === null ? null : { kind: 'refused_value', error };
  }

  /**
   * Whether the graph may begin another superstep: not after a failed write, because its results could not be stored, nor
   * while too many operations wait for the end of an outage.
   */
  get mayGoOn(): boolean {
    return !this.#writes.isClosed && this.#writes.failure === null && !this.#commits.isOverBudget;
  }

  /** How far the graph has come according to its writes, which may not be committed yet. */
  get progress(): WrittenProgress {
    return this.#progress;
  }

  /** True once a write was refused because somebody else owns the run. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Resolves when everything written so far is committed. Thrown: the first failure, which no later write survives. */
  async flush(): Promise<void> {
    await this.#writes.idle();
    if (this.#writes.failure !== null) throw this.#writes.failure.error;
  }

  /**
   * Waits until nothing is under way and nothing begins in the next turn of the event loop: LangGraph chains its writes, and
   * continues them after it has returned from an aborted graph.
   */
  async settle(): Promise<void> {
    do {
      await this.#writes.idle();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#writes.underWayCount > 0);
  }

  /** Refuses further writes and waits for pending ones; those that wait for the end of an outage are given up. Never rejects. */
  async quiesce(): Promise<void> {
    this.#writes.close();
    this.#commits.letGo(this.#claim);
    await this.#writes.idle();
  }

  /** Call this before a command is applied again (journal.ts). True when an earlier attempt has written any part of it. */
  takeBackAnswers(): Promise<boolean> {
    return this.#reading(() => takeBackAnswers(this.#pool, this.#schema, this.#claim));
  }

  /** Additional metadata for each checkpoint of the graph itself, not of its subgraphs; called for each. */
  tellInMetadata(tells: () => Record<string, unknown>): void {
    this.#tellsInMetadata = tells;
  }

  override getNextVersion(current: number | undefined): number {
    return nextChannelVersion(current, Math.random());
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    // A run reads what it has written.
    await this.#writes.idle();
    const tuple = await this.#reading(() => super.getTuple(config));
    if (tuple === undefined && config.configurable?.['thread_id'] === undefined) return undefined;
    await this.#reading(() => this.#newest.pass(placeOf(config, this.#claim, null), tuple));
    if (tuple === undefined) return undefined;
    this.#own.noteRead(tuple);
    return withoutAppliedCommand(tuple, this.#claim.runId);
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    await this.#writes.idle();
    // One statement reads all of them, so an outage can only come before the first.
    for (const tuple of await this.#reading(() => Array.fromAsync(super.list(config, options)))) {
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
    const { threadId, namespace, checkpointId } = placeOf(config, this.#claim, this.#threadId);
    // When several puts are under way, the first one's statement names the namespace.
    const beginsNamespace = this.#own.beginsNamespace(threadId, namespace);
    this.#progress.notePut(namespace, checkpoint.id, metadata.source);
    await this.#write(async () => {
      const told = namespace === '' ? this.#tellsInMetadata() : {};
      const tagged = { ...this.#metadata, ...metadata, ...told, run_id: this.#claim.runId };
      const [blobs, dumpedMetadata] = await Promise.all([
        this._dumpBlobs(threadId, namespace, checkpoint.channel_values, newVersions),
        this._dumpMetadata(tagged),
      ]);
      this.#newest.notePut(threadId, namespace, checkpoint.id);
      await this.#lowerFloorTo(checkpoint.id);
      this.#own.notePut(namespace, checkpoint.id);
      return {
        kind: 'put',
        claim: this.#claim,
        beginsNamespace,
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
    const { threadId, namespace, checkpointId } = placeOf(config, this.#claim, this.#threadId);
    if (checkpointId === null) throw new TypeError('putWrites needs checkpoint_id in config.configurable.');
    this.#progress.noteWrites(writes.map(([channel]) => channel));
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

  #write(describe: () => Promise<Operation>): Promise<void> {
    const written = this.#writes.write(describe);
    if (!this.#isDeferred || this.#writes.failure !== null) return written;
    written.catch(() => undefined); // `flush` tells
    return this.#writes.underWayCount > MAX_DEFERRED ? written : Promise.resolve();
  }

  /** Reports once that somebody else owns the run, if the error says so. */
  #noticeRefusal(error: unknown): boolean {
    if (!(error instanceof WriteRefused) || error.because !== 'not_owned') return false;
    if (!this.#isRefused) {
      this.#isRefused = true;
      this.#onRefused(error);
    }
    return true;
  }

  /** Repeats a read through outages for as long as the attempt lasts. */
  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await this.#writes.track(this.#throughOutages(read));
    } catch (error) {
      this.#noticeRefusal(error);
      this.#readFailure ??= { error };
      throw error;
    }
  }

  /** The clock may have been set back since the run was claimed. */
  async #lowerFloorTo(checkpointId: string): Promise<void> {
    const floor = this.#floor === null ? null : floorBelow(this.#floor, checkpointId);
    if (floor === null) return;
    await this.#throughOutages(() => lowerCheckpointFloor(this.#pool, this.#claim, floor));
    this.#floor = floor;
  }

  #throughOutages<T>(read: () => Promise<T>): Promise<T> {
    if (this.#signal.aborted) return read();
    return retrying(read, {
      signal: this.#signal,
      isRetryable: isOutage,
      backoff: (attempt) => backoff(attempt, RETRY, Math.random()),
    });
  }
}
