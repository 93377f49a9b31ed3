import type { RunnableConfig } from '@langchain/core/runnables';
import type { Claim } from './claim.ts';

/**
 * A graph wrote into the state of a thread other than that of its run. The run owns only its own thread; another run may be
 * executing on that one, and a rollback would not undo the write.
 */
export class ForeignThread extends Error {
  override readonly name = 'ForeignThread';

  constructor({ runId }: Claim, threadId: string) {
    super(
      `A node of run ${runId} wrote the state of thread ${threadId}, which is not the run's own. Publish a run for that ` +
        'thread, or leave checkpoint_ns out: LangGraph then keeps what a node invokes apart, under the node.',
    );
  }
}

/** Where a write goes. `checkpointId` is null before the first checkpoint of the namespace. */
export type Place = { threadId: string; namespace: string; checkpointId: string | null };

/**
 * The place that a config names.
 *
 * @param ownThreadId the only thread whose own state may be written; null = any
 * @throws ForeignThread
 */
export function placeOf(config: RunnableConfig, claim: Claim, ownThreadId: string | null): Place {
  const configurable: Record<string, unknown> = config.configurable ?? {};
  const { thread_id: threadId, checkpoint_ns: namespace = '', checkpoint_id: checkpointId } = configurable;
  if (typeof threadId !== 'string' || typeof namespace !== 'string') {
    throw new TypeError('A checkpoint needs thread_id in config.configurable.');
  }
  // A graph that a node invokes with another thread_id has the node's namespace on that thread, which no run of that thread reads.
  if (ownThreadId !== null && threadId !== ownThreadId && namespace === '') throw new ForeignThread(claim, threadId);
  return { threadId, namespace, checkpointId: typeof checkpointId === 'string' ? checkpointId : null };
}
