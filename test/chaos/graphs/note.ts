import { appendFileSync } from 'node:fs';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';

/** Does some work that the outside sees: a line when it begins, and one when it ends, however it ends. */
export async function noted(node: string, config: LangGraphRunnableConfig, work: () => Promise<void>): Promise<void> {
  const { run_id, thread_id } = config.configurable ?? {};
  const note = (at: 'start' | 'end'): void => {
    const line = { run_id, thread_id, node, at, pid: process.pid, ms: Date.now() };
    // A line this short is written as a whole.
    appendFileSync(process.env['SIDE_EFFECTS_FILE'] ?? '', `${JSON.stringify(line)}\n`);
  };
  note('start');
  try {
    await work();
  } finally {
    note('end');
  }
}
