/**
 * Whether `if_thread_status` lets a run go on. Asked at admission, and again at its turn, because a run before it may have
 * left a question that its input would throw away.
 *
 * A run that it has superseded, and that stopped midway, leaves the thread interrupted or idle because this very run wanted
 * it. At its turn that status does not count. The earlier status counts when the superseded run has written nothing. The
 * status also counts when the superseded run ended before it noticed, for example with a question.
 */
import type { RunCreate, ThreadStatus } from '@runlane/contracts';
import type { ClaimedRun, Outcome } from './run.ts';

/**
 * What is wrong with the thread's status, and what to change; null when nothing is wrong. Runs of versions without the field
 * have no condition.
 *
 * @param seen of a thread that does not exist: `idle`
 */
export function statusProblem(
  { if_thread_status: allowed }: Pick<RunCreate, 'if_thread_status'>,
  threadId: string,
  seen: ThreadStatus,
): string | null {
  if (allowed == null || allowed.includes(seen)) return null;
  const answer = seen === 'interrupted' ? ' Answer its questions with command.resume, or add interrupted.' : '';
  return `Thread ${threadId} is ${seen}, and if_thread_status lists only ${allowed.join(', ')}.${answer}`;
}

type Turn = Pick<ClaimedRun, 'request' | 'threadId' | 'restingStatus' | 'hasStoppedHead'>;

/** The end of a run that must not start at its turn; null when it may start. Until then nothing changes its thread. */
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

/** Whether the writer of the thread's head has to be looked up before the run is refused: the run itself may have stopped it. */
export function mayHaveStoppedHead(run: Turn & Pick<ClaimedRun, 'multitaskStrategy'>): boolean {
  const supersedes = run.multitaskStrategy === 'interrupt' || run.multitaskStrategy === 'rollback';
  return supersedes && turnRefusal(run) !== null;
}
