import { appendFileSync } from 'node:fs';

/** One thing a graph did in the world outside of Runlane. */
export type SideEffect = { run_id: unknown; thread_id: unknown; node: string; at: 'start' | 'end' };

/** Appends to the file named by SIDE_EFFECTS_FILE; a line this short is written as a whole. */
export function note(effect: SideEffect): void {
  const file = process.env['SIDE_EFFECTS_FILE'];
  if (file === undefined) return;
  appendFileSync(file, `${JSON.stringify({ ...effect, pid: process.pid, ms: Date.now() })}\n`);
}
