import type { RunnableConfig } from '@langchain/core/runnables';
import type { CheckpointListOptions, CheckpointTuple } from '@langchain/langgraph-checkpoint';
import { validate } from '@langchain/langgraph-checkpoint-validation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { RunSaver } from './run-saver.ts';

// The suite expects the test runner's functions as globals.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it });

let world: CheckpointWorld;

/**
 * RunSaver as the suite wants a saver to be. It wants metadata back as it was given, so the tag that ours adds is taken
 * off; and it deletes threads, which a saver of a run leaves to the stock one.
 */
class SuiteSaver extends RunSaver {
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const tuple = await super.getTuple(config);
    return tuple === undefined ? undefined : withoutTag(tuple);
  }

  override async *list(config: RunnableConfig, options?: CheckpointListOptions): AsyncGenerator<CheckpointTuple> {
    for await (const tuple of super.list(config, options)) yield withoutTag(tuple);
  }

  override async deleteThread(threadId?: string): Promise<void> {
    await world.stock().deleteThread(threadId ?? '');
  }
}

function withoutTag(tuple: CheckpointTuple): CheckpointTuple {
  const { run_id: tag, ...metadata } = { run_id: undefined, ...tuple.metadata };
  expect(tag).toEqual(expect.any(String));
  return { ...tuple, metadata: metadata as NonNullable<CheckpointTuple['metadata']> };
}

validate({
  checkpointerName: 'RunSaver',
  async beforeAll() {
    world = await CheckpointWorld.create(inject('databaseUrl'));
  },
  async createCheckpointer() {
    const claim = await world.startRun();
    return new SuiteSaver({ pool: world.pool, schema: 'public', commits: world.commits, claim });
  },
  async destroyCheckpointer() {
    await world.pool.query('truncate checkpoints, checkpoint_blobs, checkpoint_writes');
  },
  async afterAll() {
    await world[Symbol.asyncDispose]();
  },
});
