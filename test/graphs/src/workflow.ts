/** A workflow of three tasks, the first of which waits until a file exists and ignores its signal. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { entrypoint, task } from '@langchain/langgraph';
import { note } from './side-effects.ts';

type Input = { gate: string };

/** Notes the file that it waits for as the run. */
const noted = (node: string, work: (input: Input) => Promise<void>) =>
  task(node, async (input: Input) => {
    const about = { run_id: input.gate, thread_id: null, node };
    note({ ...about, at: 'start' });
    await work(input);
    note({ ...about, at: 'end' });
    return node;
  });

const first = noted('first', async ({ gate }) => {
  while (!existsSync(gate)) await sleep(5);
});
const second = noted('second', async () => undefined);
const third = noted('third', async () => undefined);

export const graph = entrypoint('workflow', async (input: Input) => {
  const done = [await first(input)];
  // Like code that continues without what it could not get.
  for (const each of [second, third])
    done.push(await each(input).catch((error: unknown) => `no task: ${String(error)}`));
  return done;
});
