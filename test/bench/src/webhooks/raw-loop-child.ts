/** The peer of the webhook bench, as a process: undici requests in a loop, as fast as they go. It signs and stores nothing. */
import { Agent, request } from 'undici';

/** Sends `body` to each origin under /answer/<n>, n from 0 to count - 1, with as many at once per origin. */
export type LoopJob = { origins: string[]; count: number; perOrigin: number; body: string };
export type LoopAnswer = { kind: 'done'; seconds: number } | { kind: 'failed'; why: string };

// The bench may end without a word.
process.once('disconnect', () => process.exit());

const agent = new Agent({ connections: 4, allowH2: false });

process.on('message', (job: LoopJob) => {
  run(job).then(
    (seconds) => process.send?.({ kind: 'done', seconds } satisfies LoopAnswer),
    (error: unknown) => process.send?.({ kind: 'failed', why: String(error) } satisfies LoopAnswer),
  );
});

async function run({ origins, count, perOrigin, body }: LoopJob): Promise<number> {
  let next = 0;
  const bytes = Buffer.from(body);
  const loop = async (origin: string): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      const { statusCode, body: answer } = await request(`${origin}/answer/${number}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bytes,
        dispatcher: agent,
      });
      await answer.dump();
      if (statusCode !== 204) throw new Error(`The receiver answered ${statusCode}.`);
    }
  };
  const startedMs = performance.now();
  await Promise.all(origins.flatMap((origin) => Array.from({ length: perOrigin }, () => loop(origin))));
  return (performance.now() - startedMs) / 1_000;
}
