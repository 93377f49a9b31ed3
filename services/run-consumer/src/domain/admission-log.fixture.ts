/** Logs of requests and cancels for the property tests, with what executors and sweepers do in between. */
import fc from 'fast-check';
import { cancelAt, requestAt } from './factories.fixture.ts';
import type { CancelRequest, RunRequest } from './run-request.ts';
import type { SequentialModel, Step } from './sequential-model.fixture.ts';

/** The threads of every log. */
export const THREADS = ['a', 'b'] as const;

const mostly = <T>(value: T, other: fc.Arbitrary<string>) =>
  fc.oneof({ arbitrary: fc.constant(value), weight: 3 }, { arbitrary: other, weight: 2 });
const SHARED = [1, 2, 3, 4, 5].map((number) => `aaaaaaaa-0000-4000-8000-00000000000${number}`);
const thread = fc.constantFrom(...THREADS);
const create = fc.record({
  kind: fc.constant('create' as const),
  thread,
  strategy: fc.constantFrom('enqueue', 'enqueue', 'reject', 'interrupt', 'rollback'),
  isScheduled: fc.constantFrom(false, false, true),
  sharedId: mostly(null, fc.constantFrom(...SHARED)),
  input: fc.integer({ min: 0, max: 1 }),
  configurable: fc.oneof(
    fc.constant(null),
    fc.dictionary(fc.constantFrom('user', 'colour'), fc.nat({ max: 9 }), {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
    }),
  ),
  bears: fc.oneof(
    { arbitrary: fc.constant(null), weight: 3 },
    { arbitrary: fc.subarray(['idle', 'interrupted', 'error', 'busy'], { minLength: 1 }), weight: 2 },
    // The strategy of a run that interrupts others and must not throw a question away.
    { arbitrary: fc.constant(['idle' as const, 'busy' as const]), weight: 2 },
  ),
});
const cancel = fc.record({
  kind: fc.constant('cancel' as const),
  thread,
  action: fc.constantFrom('interrupt' as const, 'rollback' as const),
  run: mostly(null, fc.constantFrom(...SHARED)),
});
const between = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('claim' as const), thread }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constantFrom('join' as const, 'lose' as const), thread }), weight: 2 },
  {
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      thread,
      leaves: fc.constantFrom('idle', 'interrupted', 'error'),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('slice' as const), thread, size: fc.integer({ min: 1, max: 3 }) }),
    weight: 1,
  },
);

/** @param maxLength most steps in a log */
export function logs(maxLength: number): fc.Arbitrary<Step[]> {
  return fc.array(
    fc.oneof({ arbitrary: create, weight: 6 }, { arbitrary: cancel, weight: 1 }, { arbitrary: between, weight: 6 }),
    // Otherwise nearly all logs are too short for a run to be claimed, superseded and settled.
    { maxLength, size: 'max' },
  ) as fc.Arbitrary<Step[]>;
}

/** A step, and its record in the log if it is one; the offset is its place among all steps. */
export type Placed = { step: Step; record: RunRequest | CancelRequest | null };

/** A step that is no record. */
export type Between = Exclude<Step, { kind: 'create' | 'cancel' }>;

export function place(log: readonly Step[]): Placed[] {
  return log.map((step, index) => ({ step, record: recordOf(step, index) }));
}

/** Lets the model read the log record by record. */
export function readBy(model: SequentialModel, log: readonly Placed[]): void {
  for (const { step, record } of log) model.step(step, record?.kind === 'create' ? record.recordId : '');
}

/** Cuts a log into batches, which end at the cuts and before every step that is no record. */
export function batchesOf(
  log: readonly Placed[],
  cuts: ReadonlySet<number>,
): ({ batch: (RunRequest | CancelRequest)[] } | { between: Between })[] {
  const parts: ReturnType<typeof batchesOf> = [];
  let batch: (RunRequest | CancelRequest)[] = [];
  const flush = () => {
    parts.push({ batch });
    batch = [];
  };
  for (const [index, { step, record }] of log.entries()) {
    if (record !== null) batch.push(record);
    else {
      flush();
      if (step.kind !== 'create' && step.kind !== 'cancel') parts.push({ between: step });
    }
    if (cuts.has(index)) flush();
  }
  flush();
  return parts;
}

function recordOf(step: Step, offset: number): RunRequest | CancelRequest | null {
  switch (step.kind) {
    case 'create':
      return requestAt(offset, {
        thread_id: step.thread,
        multitask_strategy: step.strategy,
        input: { input: step.input },
        ...(step.configurable === null ? {} : { config: { configurable: step.configurable } }),
        ...(step.bears === null ? {} : { if_thread_status: step.bears }),
        // So late that only a test makes it due.
        ...(step.isScheduled ? { after_seconds: 3_600 } : {}),
        ...(step.sharedId === null ? {} : { run_id: step.sharedId }),
      });
    case 'cancel':
      return cancelAt(offset, { thread_id: step.thread, run_id: step.run, action: step.action });
    case 'claim':
    case 'join':
    case 'lose':
    case 'settle':
    case 'slice':
      return null;
  }
}

/** What happened on each thread; only the order within a thread counts. */
export function byThread(events: readonly string[]): string[][] {
  return THREADS.map((name) => events.filter((event) => event.startsWith(`${name}:`)));
}

/**
 * How many waiting runs of a lane one request ends in its transaction: all of a few, or one to three, so that the others are
 * marked and end in slices.
 */
export const endedAtOnce: fc.Arbitrary<number> = fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 3 }));

/**
 * What is promised about events when some runs have ended in slices: for each thread the order and the thread status of all
 * other events, and for each run the order of its own.
 *
 * @param later the runs that ended in slices
 */
export function promised(events: readonly string[], later: ReadonlySet<string>): unknown {
  const runOf = (event: string) => event.split(' ')[1] ?? '';
  const isLate = (event: string) => later.has(runOf(event)) && /^\S+ \S+ (interrupted|rollback) /.test(event);
  const perRun = new Map<string, string[]>();
  for (const event of events) {
    const own = perRun.get(runOf(event)) ?? [];
    own.push(event.slice(0, event.lastIndexOf(' ')));
    perRun.set(runOf(event), own);
  }
  return { inOrder: byThread(events.filter((event) => !isLate(event))), perRun: Object.fromEntries(perRun) };
}
