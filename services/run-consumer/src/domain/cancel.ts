/**
 * The verdict on a `RunCancel` at its turn in the log. It affects only runs that were admitted before it, so a cancel that
 * is read again after positions were lost changes nothing (I4).
 *
 *   run_id     the run is in flight            cancel it
 *              it has ended, or was rejected   nothing
 *              the ledger does not know it     unknown run
 *              it is of another thread         unknown run
 *   no run_id  runs are in flight              cancel all of them
 *              none, or no such thread         nothing
 */
import { threadIdOfStatelessRun } from '@runlane/contracts';
import type { RunCancel } from '@runlane/contracts';
import type { KnownRun } from './admission.ts';
import type { Lane, RecordPlace } from './lane.ts';
import type { CancelRequest } from './run-request.ts';

export type CancelVerdict =
  | { kind: 'nothing' }
  | { kind: 'cancel_run'; runId: string }
  | { kind: 'cancel_all' }
  | { kind: 'unknown_run'; message: string };

/** The thread that a cancel names. The thread of a stateless run is derived from its id. */
export function threadOfCancel(request: RunCancel): string {
  if (request.thread_id !== null) return request.thread_id;
  if (request.run_id === null) throw new Error('A RunCancel names a thread or a run.');
  return threadIdOfStatelessRun(request.run_id);
}

/**
 * Decides on one cancel.
 *
 * @param known the run that it names, if the ledger has it
 * @param lane its thread after all earlier requests
 */
export function judgeCancel(
  { request, coordinates }: CancelRequest,
  known: KnownRun | null,
  lane: Lane,
): CancelVerdict {
  const { run_id: runId } = request;
  if (runId === null) {
    return lane.inFlight.some(({ source }) => isEarlier(source, coordinates))
      ? { kind: 'cancel_all' }
      : { kind: 'nothing' };
  }
  if (known === null || !isEarlier(known.source, coordinates)) {
    return unknown(
      'run_id: names no run that was requested before this cancel. Check it, and that the request and the cancel have ' +
        'the same record key, which keeps them in order.',
    );
  }
  if (known.threadId !== lane.threadId) {
    return unknown(
      request.thread_id === null
        ? 'run_id: names a run that has a thread. Send its thread_id too, and use it as the record key.'
        : 'run_id: names a run of another thread. Check run_id and thread_id.',
    );
  }
  return known.isFinished ? { kind: 'nothing' } : { kind: 'cancel_run', runId };
}

/** Whether a run was admitted before the record. Every run was, except those that come after it in its partition. */
export function isEarlier(run: RecordPlace, record: RecordPlace): boolean {
  return run.topic !== record.topic || run.partition !== record.partition || run.offset < record.offset;
}

function unknown(message: string): CancelVerdict {
  return { kind: 'unknown_run', message };
}
