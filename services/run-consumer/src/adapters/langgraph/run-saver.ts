import type { RunnableConfig } from '@langchain/core/runnables';
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointMetadata,
  CheckpointTuple,
  PendingWrite,
} from '@langchain/langgraph-checkpoint';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { isDatabaseUnavailable } from '@runlane/postgres';
import type { Pool } from 'pg';

/**
 * The official saver for one run, which remembers when the database was away: then the run did not fail, it only has
 * to be tried again.
 */
export class RunSaver extends PostgresSaver {
  #unavailable: unknown = null;

  constructor(pool: Pool, schema: string) {
    super(pool, undefined, { schema });
  }

  /** The failure of the database that the run has met; null if none. */
  get unavailable(): unknown {
    return this.#unavailable;
  }

  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    return this.#remembering(() => super.getTuple(config));
  }

  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions,
  ): Promise<RunnableConfig> {
    return this.#remembering(() => super.put(config, checkpoint, metadata, newVersions));
  }

  override async putWrites(config: RunnableConfig, writes: PendingWrite[], taskId: string): Promise<void> {
    return this.#remembering(() => super.putWrites(config, writes, taskId));
  }

  async #remembering<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (isDatabaseUnavailable(error)) this.#unavailable = error;
      throw error;
    }
  }
}
