/** Runs for the fault tests to break. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Asked } from './fault-oracle.ts';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';

/** `ms`: how long each of the two steps takes; `gate`: the path of a file without which the first one does not end. */
export type LoadOptions = { runs: number; threads: number; ms?: number; gate?: string };

/** Publishes runs round-robin over threads named `thread-0` and so on; returns them in the order of publishing. */
export async function publishLoad(world: World, options: LoadOptions): Promise<Asked[]> {
  const { runs, threads, ms = 0, gate = '' } = options;
  const asked = Array.from({ length: runs }, (_, index) => ({
    runId: randomUUID(),
    threadId: `thread-${index % threads}`,
  }));
  await world.publish(...asked.map((run) => gateRun(run, { ms, gate })));
  return asked;
}

/** A request for the graph `gate`. */
export function gateRun({ runId, threadId }: Asked, input: { ms?: number; gate?: string } = {}) {
  return runCreate(threadId, {
    run_id: runId,
    assistant_id: 'gate',
    input: { label: runId, ms: input.ms ?? 0, gate: input.gate ?? '' },
  });
}

/** A gate that is shut until it is opened, and then stays open. */
export class Gate implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'runlane-gate-'));

  get path(): string {
    return join(this.#directory, 'open');
  }

  open(): void {
    writeFileSync(this.path, '');
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
