/**
 * What producers send, from a seed: requests of every strategy on a few threads, cancels, pauses with their answers, stateless
 * and scheduled runs, runs that do not end, repeats, conflicts and records that are no request.
 */
import { MULTITASK_STRATEGIES } from '@runlane/contracts';
import { Random } from './random.ts';

/** A record of the request topic and when it is sent, in milliseconds after the beginning. */
export type Sent = { atMs: number; key: string; value: string; headers: Record<string, string>; what: What };

/** What a record is, for the report and the judges. */
export type What = 'create' | 'cancel' | 'repeat' | 'conflict' | 'pause' | 'answer' | 'bad' | 'stuck';

export type WorkloadOptions = {
  seed: number;
  durationMs: number;
  /** Records a second. */
  rate: number;
  threads: number;
  /**
   * URLs of the webhooks of runs: of a receiver that takes everything, of one that does not, one that gives no answer, and one
   * that is not permitted.
   */
  receivers: Record<'honest' | 'hostile' | 'silent' | 'denied', string>;
};

/** In the URL of every webhook; it must not reach a log. */
export const URL_TOKEN = 'chaos-token-0f4c7d';

/**
 * Threads with runs that do not end until they are released. The next one follows when faults have used up the attempts of one.
 */
export const STUCK_THREADS = 3;
const STUCK_EVERY_MS = 60_000;

/** Threads on which nothing but pauses and their answers happen, so that each answer has a question. */
export const ASKING_THREADS = 3;

const KINDS = { create: 72, cancel: 6, repeat: 6, conflict: 2, pause: 10, bad: 4 } as const;
const BAD_VALUES = ['{', '[]', '{"assistant_id":""}', '{"assistant_id":"labels","surplus":1}', 'null'];

export function planWorkload(options: WorkloadOptions): Sent[] {
  const random = new Random(options.seed, 'workload');
  const sent: Sent[] = [];
  const count = Math.floor((options.durationMs / 1_000) * options.rate);
  for (let index = 0; index < count; index += 1) {
    const atMs = Math.floor((index * options.durationMs) / count);
    const kind = random.weighted(KINDS);
    const thread = `lane-${random.int(1, options.threads)}`;
    switch (kind) {
      case 'create':
        sent.push(record(atMs, 'create', createRequest(random, thread, options)));
        break;
      case 'cancel':
        sent.push(cancel(random, atMs, thread, sent));
        break;
      case 'repeat':
      case 'conflict':
        sent.push(...again(random, atMs, kind, sent));
        break;
      case 'pause':
        sent.push(...pauseAndAnswer(random, atMs));
        break;
      case 'bad':
        sent.push({ atMs, key: thread, value: random.pick(BAD_VALUES), headers: {}, what: 'bad' });
    }
  }
  // However short a run is, nothing of what the judges need to see is left to chance.
  sent.push({ atMs: 0, key: 'lane-1', value: random.pick(BAD_VALUES), headers: {}, what: 'bad' });
  sent.push(...stuckRuns(random, options));
  return sent.toSorted((one, other) => one.atMs - other.atMs);
}

type Request = Record<string, unknown> & { run_id: string };

function createRequest(random: Random, thread: string, { receivers }: WorkloadOptions): Request {
  const runId = random.uuid();
  const isStateless = random.int(1, 25) === 1;
  const webhook = random.weighted({ none: 50, honest: 40, hostile: 8, silent: 3, denied: 3 });
  return {
    run_id: runId,
    ...(isStateless ? {} : { thread_id: thread }),
    assistant_id: 'labels',
    input: {
      label: runId,
      ms: random.weighted({ quick: 6, slow: 4 }) === 'quick' ? 0 : random.int(50, 900),
      isDeaf: random.int(1, 3) === 1,
    },
    multitask_strategy: isStateless ? 'enqueue' : random.pick([...MULTITASK_STRATEGIES, 'enqueue', 'enqueue']),
    durability: random.pick(['async', 'async', 'sync', 'exit']),
    ...(random.int(1, 30) === 1 ? { after_seconds: random.int(1, 4) } : {}),
    ...(webhook === 'none'
      ? {}
      : { webhook: `${receivers[webhook]}/${isStateless ? 'stateless' : thread}?token=${URL_TOKEN}` }),
    ...(webhook !== 'none' && random.int(1, 3) === 1
      ? {
          webhook_events: [
            'run.pending',
            'run.running',
            'run.succeeded',
            'run.failed',
            'run.interrupted',
            'run.rolled_back',
          ],
        }
      : {}),
  };
}

function record(atMs: number, what: What, request: Request): Sent {
  const thread = request['thread_id'];
  return {
    atMs,
    what,
    key: typeof thread === 'string' ? thread : request.run_id,
    value: JSON.stringify(request),
    headers: {},
  };
}

/** Of the whole thread, or of one of its runs, which may have ended. */
function cancel(random: Random, atMs: number, thread: string, sent: readonly Sent[]): Sent {
  const runs = sent.filter(({ what, key }) => what === 'create' && key === thread).slice(-4);
  const run = runs.length === 0 || random.int(1, 2) === 1 ? null : runIdOf(random.pick(runs));
  const value = JSON.stringify({ thread_id: thread, run_id: run, action: random.pick(['interrupt', 'rollback']) });
  return { atMs, key: thread, value, headers: { ce_type: 'run.cancel' }, what: 'cancel' };
}

/** An earlier request once more: the same one, as after a lost acknowledgement, or another one under its run_id. */
function again(random: Random, atMs: number, what: 'repeat' | 'conflict', sent: readonly Sent[]): Sent[] {
  const earlier = sent.filter((other) => other.what === 'create' && other.value.includes('"thread_id"')).slice(-20);
  if (earlier.length === 0) return [];
  const first = random.pick(earlier);
  const request = JSON.parse(first.value) as Request;
  const value =
    what === 'repeat' ? first.value : JSON.stringify({ ...request, input: { label: 'another', ms: 0, isDeaf: false } });
  return [{ ...first, atMs, what, value }];
}

function pauseAndAnswer(random: Random, atMs: number): Sent[] {
  const thread_id = `asks-${random.int(1, ASKING_THREADS)}`;
  const request = () => ({ run_id: random.uuid(), thread_id, assistant_id: 'asks', multitask_strategy: 'enqueue' });
  const pause = request();
  return [
    record(atMs, 'pause', { ...pause, input: { question: pause.run_id } }),
    // Published immediately: the answer waits behind the question.
    record(atMs, 'answer', { ...request(), command: { resume: `answer to ${pause.run_id}` } }),
  ];
}

function stuckRuns(random: Random, { durationMs, receivers }: WorkloadOptions): Sent[] {
  const threads = Array.from({ length: STUCK_THREADS }, (_, index) => `stuck-${index + 1}`);
  const times = Array.from({ length: Math.ceil(durationMs / STUCK_EVERY_MS) }, (_, index) => index * STUCK_EVERY_MS);
  return times.flatMap((atMs) =>
    threads.map((thread_id) => {
      const run_id = random.uuid();
      return record(atMs, 'stuck', {
        run_id,
        thread_id,
        assistant_id: 'stuck',
        input: { label: run_id },
        webhook: `${receivers.silent}/${thread_id}?token=${URL_TOKEN}`,
        webhook_events: ['run.running'],
      });
    }),
  );
}

export function runIdOf({ value }: Sent): string {
  return (JSON.parse(value) as Request).run_id;
}
