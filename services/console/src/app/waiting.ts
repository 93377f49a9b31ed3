/** Threads that have paused and wait for an answer, each with its questions and its run. */
import type { PausedThread, RunReader, StoredQuestion, ThreadReader } from '@runlane/run-consumer/ledger';

export type WaitingThread = {
  threadId: string;
  pausedAt: Date;
  /** The checkpoint at which it paused; null when that has been deleted meanwhile. */
  checkpointId: string | null;
  /** Empty: it has stopped at a breakpoint and only has to be continued. */
  questions: StoredQuestion[];
  runId: string | null;
  /** The run that an answer has to name; null when the ledger no longer has it. */
  assistantId: string | null;
  graphId: string | null;
};

/** The thread after which a page begins. */
export type WaitingPlace = Pick<PausedThread, 'threadId' | 'place'>;

export type WaitingPage = { threads: WaitingThread[]; next: WaitingPlace | null };

type Ledger = { threads: Pick<ThreadReader, 'paused' | 'state'>; runs: Pick<RunReader, 'these'> };

/** Thrown: RetryableError while the database is away. */
export async function waitingThreads(ledger: Ledger, after: WaitingPlace | null, limit: number): Promise<WaitingPage> {
  const paused = await ledger.threads.paused(after, limit);
  const last = paused.at(-1);
  return {
    threads: await withQuestions(ledger, paused),
    next: last === undefined || paused.length < limit ? null : { threadId: last.threadId, place: last.place },
  };
}

/** One of them by its id; null when it waits for no answer. */
export async function waitingThread(
  { threads, runs }: Ledger & { threads: Pick<ThreadReader, 'show'> },
  threadId: string,
): Promise<WaitingThread | null> {
  const thread = await threads.show(threadId);
  if (thread?.status !== 'interrupted') return null;
  const [found] = await withQuestions({ threads, runs }, [{ threadId, pausedAt: thread.updatedAt }]);
  return found ?? null;
}

async function withQuestions(
  { threads, runs }: Ledger,
  paused: readonly Pick<PausedThread, 'threadId' | 'pausedAt'>[],
): Promise<WaitingThread[]> {
  const states = await Promise.all(paused.map(({ threadId }) => threads.state(threadId, null)));
  const known = await runs.these(states.flatMap((state) => state?.runId ?? []));
  return paused.map(({ threadId, pausedAt }, index) => {
    const state = states[index] ?? null;
    const run = known.get(state?.runId ?? '');
    return {
      threadId,
      pausedAt,
      checkpointId: state?.checkpointId ?? null,
      questions: state?.interrupts ?? [],
      runId: state?.runId ?? null,
      assistantId: run?.assistantId ?? null,
      graphId: run?.graphId ?? null,
    };
  });
}
