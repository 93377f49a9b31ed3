/**
 * Purpose   Keeps the checkpoints of a run above those that its thread has, whatever the clocks of the hosts say.
 * I7        LangGraph makes the ids of checkpoints from the wall clock of the process, and takes the checkpoint with the
 *           highest id as the state of the thread. A run on a host whose clock is behind that of the host before would
 *           otherwise end in a state that nobody finds. So an attempt begins only when its clock has passed the newest
 *           checkpoint, and writes nothing below what is there.
 */
import { loadSql, query } from '@runlane/postgres';
import { waitOrAbort } from '@runlane/service-kit';
import type { CheckpointTuple } from '@langchain/langgraph-checkpoint';
import { idTimeMs } from './checkpoint-floor.ts';
import { inSchema } from './checkpoint-schema.ts';
import type { Place } from './place.ts';
import type { RunSaverOptions } from './run-saver-options.ts';

const selectNewest = loadSql(new URL('./sql/select-newest-checkpoint.sql', import.meta.url));

/** The longest time until the clock is read again, in milliseconds: it may be set while an attempt waits for it. */
const LOOK_MS = 250;

/** The clock was set while the run was executed, or is far off. Another host or a later attempt can execute the run. */
export class WrongClock extends Error {
  override readonly name = 'WrongClock';
}

type Options = Pick<RunSaverOptions, 'pool' | 'schema' | 'onClockBehind' | 'isClockWrong'> & { signal: AbortSignal };

/** The newest checkpoint of each namespace, as far as a saver knows it. */
export class NewestCheckpoints {
  readonly #options: Options;
  readonly #newest = new Map<string, string>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Notes a checkpoint that is written next. Thrown: WrongClock, when another one of its namespace would hide it. */
  notePut(threadId: string, namespace: string, checkpointId: string): void {
    this.#checkClock();
    const newest = this.#newest.get(key(threadId, namespace));
    if (newest !== undefined && isBelow(checkpointId, newest)) {
      throw new WrongClock(
        `The clock of this host was set back during the run: its checkpoint ${checkpointId} would lie below ${newest}, which the thread has. Run a time service that slews.`,
      );
    }
    this.#newest.set(key(threadId, namespace), checkpointId);
  }

  /**
   * Call this when a place of a thread has been read, before checkpoints are made there. Resolves when ids that are made from
   * now on are above those that are there. Thrown: WrongClock, errors of the database, and the reason of `signal` when it
   * aborts first.
   *
   * @param read the checkpoint that was read; undefined when there was none
   */
  async pass({ threadId, namespace, checkpointId }: Place, read: CheckpointTuple | undefined): Promise<void> {
    if (this.#newest.has(key(threadId, namespace))) return;
    this.#checkClock();
    // Of a thread that continues at an earlier checkpoint, a later one may be the newest.
    const newest =
      checkpointId === null ? (read?.checkpoint.id ?? null) : await this.#selectNewest(threadId, namespace);
    this.#newest.set(key(threadId, namespace), newest ?? '');
    const newestMs = newest === null ? null : idTimeMs(newest);
    if (newestMs === null || Date.now() > newestMs) return;
    this.#options.onClockBehind?.(newestMs - Date.now());
    const { signal } = this.#options;
    for (let nowMs = Date.now(); nowMs <= newestMs; nowMs = Date.now()) {
      await waitOrAbort(Math.min(newestMs + 1 - nowMs, LOOK_MS), signal);
      signal.throwIfAborted();
      // A process may have learnt only now that its clock is far behind, or the clock may have been set meanwhile.
      this.#checkClock();
    }
  }

  #checkClock(): void {
    if (this.#options.isClockWrong?.() !== true) return;
    throw new WrongClock(
      "The clock of this host is far from the database's, or has just jumped. Run a time service on both.",
    );
  }

  async #selectNewest(threadId: string, namespace: string): Promise<string | null> {
    const { pool, schema } = this.#options;
    const params = { thread_id: threadId, checkpoint_ns: namespace };
    const [row] = await query<{ checkpoint_id: string | null }>(pool, inSchema(selectNewest, schema), params);
    return row?.checkpoint_id ?? null;
  }
}

/**
 * Only ids of LangGraph's form say when they were made. Within a millisecond their order is LangGraph's own: its older versions
 * do not count there.
 */
function isBelow(checkpointId: string, newest: string): boolean {
  const [atMs, newestMs] = [idTimeMs(checkpointId), idTimeMs(newest)];
  return atMs !== null && newestMs !== null && atMs < newestMs;
}

const key = (threadId: string, namespace: string): string => `${threadId}\0${namespace}`;
