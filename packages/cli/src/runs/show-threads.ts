/** `threads list`, `show`, `state` and `history`. */
import type { ThreadStatus } from '@runlane/contracts';
import { openRuns, openThreads } from '@runlane/run-consumer/ledger';
import type { CheckpointRow, ThreadRow } from '@runlane/run-consumer/ledger';
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import type { OpenDatabase } from '../database.ts';
import { countOf } from '../input.ts';
import { LOOKED_AT_ONCE, goOnText, lookThrough } from '../look-through.ts';
import { timeText } from '../output.ts';
import type { Output } from '../output.ts';
import type { Environment } from '../settings.ts';
import { runJson, waitingText } from './show-runs.ts';

export type ThreadListFlags = { status?: ThreadStatus; after?: string; limit: string };
export type StateFlags = { checkpoint?: string };
export type HistoryFlags = { limit: string };

/** More unfinished runs of a thread are not shown. */
const RUNS_SHOWN = 100;

/** Thrown by all: ConfigError; CommandError for what was given, and when the database does not answer. */
export async function listThreads(flags: ThreadListFlags, environment: Environment, output: Output): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  const { status, after } = flags;
  await withDatabase(environment, async (database) => {
    const reader = threadsOf(database);
    const found = await lookThrough(after ?? null, limit, async (place, atMost) => {
      const bounds = { lookLimit: status === undefined ? atMost : LOOKED_AT_ONCE, limit: atMost };
      const { threads: rows, next } = await reader.search(status ?? null, place, bounds);
      return { rows, next };
    });
    const { rows: threads } = found;
    const goOn = goOnText(found, limit, `--after ${found.next}`);
    if (threads.length === 0) return output.say(goOn ?? `No such thread in ${database.place}.`);
    output.printTable(
      ['THREAD', 'STATUS', 'UNFINISHED RUNS', 'CREATED', 'UPDATED'],
      threads.map((thread) => ({
        object: threadJson(thread),
        cells: [
          thread.threadId,
          thread.status,
          String(thread.unfinishedCount),
          timeText(thread.createdAt),
          timeText(thread.updatedAt),
        ],
      })),
    );
    if (goOn !== null) output.say(goOn);
  });
}

export async function showThread(threadId: string, environment: Environment, output: Output): Promise<void> {
  await withDatabase(environment, async (database) => {
    const thread = await threadsOf(database).show(threadId);
    if (thread === null) throw new CommandError(unknownThread(threadId, database));
    const unfinished = await openRuns(database.database).list({
      threadId,
      statuses: ['pending', 'running'],
      endedSince: new Date(),
      limit: RUNS_SHOWN,
    });
    const { configurable } = thread;
    const lines = [
      `Thread         ${threadId}`,
      `Status         ${thread.status}${thread.status === 'busy' ? ` (before: ${thread.restingStatus})` : ''}`,
      `Partition      ${thread.partition}`,
      `Created        ${timeText(thread.createdAt)}`,
      `Updated        ${timeText(thread.updatedAt)}`,
      ...(configurable === null ? [] : [`Configurable   ${JSON.stringify(configurable)}`]),
      ...unfinished.map(
        ({ runId, status, waitsFor }) =>
          `Run            ${runId}  ${status}  ${waitsFor === null ? '' : waitingText(waitsFor)}`,
      ),
    ];
    output.print({ ...threadJson(thread), configurable, unfinished_runs: unfinished.map(runJson) }, lines.join('\n'));
  });
}

export async function showState(
  threadId: string,
  flags: StateFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  await withDatabase(environment, async (database) => {
    const state = await threadsOf(database).state(threadId, flags.checkpoint ?? null);
    if (state === null) throw new CommandError(unknownCheckpoint(threadId, flags.checkpoint, database));
    const { values, isLossy } = state;
    const lines = [
      ...checkpointLines(state),
      `Values${isLossy ? ' (JSON cannot express all of them)' : ''}`,
      JSON.stringify(values, null, 2),
    ];
    output.print({ thread_id: threadId, ...checkpointJson(state), values, values_lossy: isLossy }, lines.join('\n'));
  });
}

export async function showHistory(
  threadId: string,
  flags: HistoryFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  await withDatabase(environment, async (database) => {
    const rows = await threadsOf(database).history(threadId, { limit });
    if (rows.length === 0) throw new CommandError(unknownCheckpoint(threadId, undefined, database));
    output.printTable(
      ['CHECKPOINT', 'STEP', 'SOURCE', 'RUN', 'CREATED', 'QUESTIONS'],
      rows.map((row) => ({
        object: checkpointJson(row),
        cells: [
          row.checkpointId,
          String(row.step ?? ''),
          row.source ?? '',
          row.runId ?? '',
          timeText(row.createdAt),
          row.interrupts.map(({ value }) => JSON.stringify(value)).join(' '),
        ],
      })),
    );
  });
}

/** The message for a thread without that checkpoint, with the place where it was looked for. */
export function unknownCheckpoint(threadId: string, checkpointId: string | undefined, database: OpenDatabase): string {
  const what = checkpointId === undefined ? 'checkpoint' : `checkpoint ${checkpointId}`;
  return (
    `No ${what} of thread ${threadId} in ${database.place}, schema ${database.checkpointSchema}. ` +
    (checkpointId === undefined
      ? 'Stateless runs leave none unless on_completion is keep; `runlane threads list` shows the threads.'
      : '`runlane threads history` lists the present ones.')
  );
}

function threadsOf({ database, checkpointSchema }: OpenDatabase) {
  return openThreads(database, checkpointSchema);
}

function unknownThread(threadId: string, { place }: OpenDatabase): string {
  return (
    `No thread ${threadId} in the ledger of ${place} (table runlane.threads). A thread is there once a run was accepted on ` +
    'it; `runlane threads list` shows them.'
  );
}

function threadJson(thread: ThreadRow): object {
  return {
    thread_id: thread.threadId,
    status: thread.status,
    resting_status: thread.restingStatus,
    partition: thread.partition,
    unfinished_count: thread.unfinishedCount,
    created_at: thread.createdAt,
    updated_at: thread.updatedAt,
  };
}

function checkpointJson(row: CheckpointRow): object {
  const { checkpointId, parentId, createdAt, step, source, runId, interrupts } = row;
  const ids = { checkpoint_id: checkpointId, parent_checkpoint_id: parentId, run_id: runId };
  return { ...ids, created_at: createdAt, step, source, interrupts };
}

function checkpointLines({
  checkpointId,
  parentId,
  createdAt,
  step,
  source,
  runId,
  interrupts,
}: CheckpointRow): string[] {
  return [
    `Checkpoint     ${checkpointId}`,
    ...(parentId === null ? [] : [`After          ${parentId}`]),
    `Created        ${timeText(createdAt)}`,
    `Step           ${step ?? ''} (${source ?? ''})`,
    ...(runId === null ? [] : [`Run            ${runId}`]),
    ...interrupts.map(({ id, value }) => `Question       ${id ?? ''}  ${JSON.stringify(value)}`),
  ];
}
