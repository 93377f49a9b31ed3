/**
 * Whether a run may go on by `if_thread_status`: asked at admission, and once more when its turn comes, because
 * what it has waited for may have left a question that its input would throw away.
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

/** The end of a run that has come to its turn, and must not start; null when it may. Nothing changes its thread until then. */
export function turnRefusal({
  request,
  threadId,
  restingStatus,
}: Pick<ClaimedRun, 'request' | 'threadId' | 'restingStatus'>): Extract<Outcome, { kind: 'failed' }> | null {
  const message = statusProblem(request, threadId, restingStatus);
  if (message === null) return null;
  const error = { error: 'thread_status', message, thread_status: restingStatus };
  return { kind: 'failed', reason: 'thread_status', error, head: null };
}
