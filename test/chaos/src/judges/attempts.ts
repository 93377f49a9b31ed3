import { distinctEvents } from '../history.ts';
import type { History, Problem } from '../history.ts';

/** A run may spend an attempt only because the process that executes it ended or was frozen. */
const SPENDING = new Set(['kill-consumer', 'freeze-consumer']);

/** I11, I12: while no process was killed or frozen, no run has begun a second attempt, whatever was away or restarted. */
export function judgeAttempts(history: History): Problem[] {
  const kinds = new Set(history.faultKinds);
  if (kinds.intersection(SPENDING).size > 0) return [];
  const law = kinds.has('restart-consumer') || kinds.has('join-consumer') ? 'I12' : 'I11';
  const spent = distinctEvents(history).filter(({ type, attempt }) => type === 'run.running' && attempt > 1);
  return spent.map(({ run_id: runId, thread_id: thread, attempt }) => ({
    law,
    thread,
    what: `run ${runId} has begun attempt ${attempt}, and no process has died`,
  }));
}
