import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';

/** Milliseconds between two lines that say that a step still executes; a step whose thread was ended writes none. */
const ALIVE_MS = 100;

/** Not that of a clock which was moved. */
function nowMs(): number {
  return (globalThis as { trueNow?: () => number }).trueNow?.() ?? Date.now();
}

/** Does work that is visible outside: a line when it begins, some while it executes, and one when it ends, however it ends. */
export async function noted(node: string, config: LangGraphRunnableConfig, work: () => Promise<void>): Promise<void> {
  const { run_id, thread_id } = config.configurable ?? {};
  const execution = randomUUID().slice(0, 8);
  const note = (at: 'start' | 'alive' | 'end'): void => {
    const line = { run_id, thread_id, node, at, pid: process.pid, ms: nowMs(), execution };
    // A line this short is written as a whole.
    appendFileSync(process.env['SIDE_EFFECTS_FILE'] ?? '', `${JSON.stringify(line)}\n`);
  };
  note('start');
  const alive = setInterval(() => note('alive'), ALIVE_MS);
  try {
    await work();
  } finally {
    clearInterval(alive);
    note('end');
  }
}
