/**
 * Whether a run may go on by `if_thread_status`: asked at admission, and once more when its turn comes, because
 * what it has waited for may have left a question that its input would throw away.
 *
 * A run that it has superseded, and that stopped midway, leaves the thread interrupted or idle by the will of this very run.
 * That counts for nothing at its turn. What was there before does, when the superseded run has written nothing, and so does
 * the way in which that one ended by itself, such as with a question that it asked before it noticed.
 */
import type { RunCreate, ThreadStatus } from '@runlane/contracts';
import type { ClaimedRun, Outcome } from './run.ts';

/**
 * What is wrong with the thread's status, and what to change; null when nothing is. Runs of before there was the field have
 * none.
 *
 * @param seen of a thread that does not exist: `idle`
 */
export function statusProblem(
  { if_thread_status: allowed }: Pick<RunCreate, 'if_thread_status'>,
  threadId: string,
  seen: ThreadStatus,
): string | null {
  if (allowed == null || allowed.includes(seen)) return null;
  const answer = seen === 'interrupted' ? ' Answer what it asks with command.resume, or add interrupted.' : '';
  return `Thread ${threadId} is ${seen}, and if_thread_status lists only ${allowed.join(', ')}.${answer}`;
}

type Turn = Pick<ClaimedRun, 'request' | 'threadId' | 'restingStatus' | 'hasStoppedHead'>;

/** The end of a run that has come to its turn, and must not start; null when it may. Nothing changes its thread until then. */
export function turnRefusal({
  request,
  threadId,
  restingStatus,
  hasStoppedHead,
}: Turn): Extract<Outcome, { kind: 'failed' }> | null {
  if (hasStoppedHead === true) return null;
  const message = statusProblem(request, threadId, restingStatus);
  if (message === null) return null;
  const error = { error: 'thread_status', message, thread_status: restingStatus };
  return { kind: 'failed', reason: 'thread_status', error, head: null };
}

/** Whether it has to be asked who has left the thread as it is before a run is refused: it may have been the run itself. */
export function mayHaveStoppedHead(run: Turn & Pick<ClaimedRun, 'multitaskStrategy'>): boolean {
  const supersedes = run.multitaskStrategy === 'interrupt' || run.multitaskStrategy === 'rollback';
  return supersedes && turnRefusal(run) !== null;
}
