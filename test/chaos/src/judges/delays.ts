import type { History, Problem } from '../history.ts';

/**
 * I10: some runs executed and one URL of the honest host gave no answer until all else had ended. What ended only
 * after those were released had waited for them.
 */
export function judgeDelays({ heldUp }: History): Problem[] {
  return heldUp.map((what) => ({ law: 'I10', thread: null, what: `${what} waited for stuck runs or a silent URL` }));
}
