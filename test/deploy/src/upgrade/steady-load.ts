import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@runlane/testkit';
import { gateRun } from '../../../e2e/src/faults/fault-load.ts';
import type { Asked } from '../../../e2e/src/faults/fault-oracle.ts';
import type { Surroundings } from './surroundings.ts';

const THREADS = 12;
const EVERY_MS = 60;
/** Of each of the two steps of a run. */
const STEP_MS = 40;
/** A slow machine gets fewer runs. */
const MOST_OPEN = 60;
/** So many more of each kind show that work goes on. */
const MORE = 10;
const DEADLINE_MS = 60_000;

/** How much was done: of requests, runs and webhooks. */
type Done = { admitted: number; ended: number; received: number };

/** Runs with a webhook, which are requested one after the other until the load is ended. */
export class SteadyLoad {
  readonly #surroundings: Surroundings;
  readonly #asked: Asked[] = [];
  readonly #ending = new AbortController();
  readonly #asking: Promise<void>;

  private constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#asking = this.#ask();
    this.#asking.catch(() => undefined); // whoever waits for progress or for the end is told
  }

  static begin(surroundings: Surroundings): SteadyLoad {
    return new SteadyLoad(surroundings);
  }

  /** Resolves when runs were admitted and have ended since the call, and webhooks have arrived. */
  async goesOn(when: string): Promise<void> {
    const before = await this.#done();
    let now = before;
    const isMore = async () => {
      now = await this.#done();
      return (['admitted', 'ended', 'received'] as const).every((what) => now[what] >= before[what] + MORE);
    };
    const goingOn = eventually(isMore, {
      what: `runs are admitted and end, and webhooks arrive, ${when}`,
      deadlineMs: DEADLINE_MS,
      everyMs: 100,
      seen: () => ({ before, now, complaints: this.#surroundings.webhooks.complaints() }),
    });
    await Promise.race([goingOn, this.#failed()]);
  }

  /** Asks for no more; every run that was requested, in the order of publishing. */
  async end(): Promise<readonly Asked[]> {
    this.#ending.abort();
    await this.#asking;
    return this.#asked;
  }

  /** Rejects when no more can be requested. */
  async #failed(): Promise<never> {
    await this.#asking;
    throw new Error('The load has ended.');
  }

  async #done(): Promise<Done> {
    const { webhooks, receiver } = this.#surroundings;
    const { rows } = await webhooks.world.pool.query<{ admitted: number; ended: number }>(
      `select count(*)::integer as admitted, (count(*) filter (where status not in ('pending', 'running')))::integer as ended
       from runlane.runs`,
    );
    const [counts] = rows;
    if (counts === undefined) throw new Error('A count of all rows has no row.');
    return { ...counts, received: receiver.requests.length };
  }

  async #ask(): Promise<void> {
    const { webhooks, receiver } = this.#surroundings;
    while (!this.#ending.signal.aborted) {
      const { ended } = await this.#done();
      if (this.#asked.length - ended < MOST_OPEN) {
        const run = { runId: randomUUID(), threadId: `thread-${this.#asked.length % THREADS}` };
        const request = gateRun(run, { ms: STEP_MS });
        const body = { ...(JSON.parse(request.value.toString()) as object), webhook: receiver.url('/ended') };
        await webhooks.world.publish({ ...request, value: Buffer.from(JSON.stringify(body)) });
        this.#asked.push(run);
      }
      await sleep(EVERY_MS);
    }
  }
}
