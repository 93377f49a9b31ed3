/**
 * `threads fork`: a request for a run from an earlier checkpoint. It goes through the log as any other request, so that it
 * has its place in the lane of the thread; nothing here writes to checkpoints.
 */
import { openThreads } from '@runlane/run-consumer/ledger';
import { clientOf } from '../client.ts';
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import { jsonOf } from '../input.ts';
import type { Output } from '../output.ts';
import { publishRequest } from './runs.ts';
import type { PublishFlags } from './runs.ts';
import type { Environment } from '../settings.ts';
import { unknownCheckpoint } from './show-threads.ts';

export type ForkFlags = PublishFlags & { input?: string; command?: string };

/** Thrown: ConfigError; CommandError without that checkpoint, and when the run did not end well; the client's errors. */
export async function forkThread(
  [thread, checkpoint, assistant]: [string, string, string],
  flags: ForkFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  const request = {
    thread_id: thread,
    assistant_id: assistant,
    checkpoint_id: checkpoint,
    input: flags.input === undefined ? null : jsonOf(flags.input, '--input'),
    command: flags.command === undefined ? null : jsonOf(flags.command, '--command'),
  };
  await withDatabase(environment, async (database) => {
    const state = await openThreads(database.database, database.checkpointSchema).state(thread, checkpoint);
    if (state === null) throw new CommandError(unknownCheckpoint(thread, checkpoint, database));
  });
  await publishRequest(request, flags, clientOf(environment), output.print);
}
