/**
 * Purpose   What people do in the console. Each action is a record in the request topic, or something that the command line does as
 *           well; nothing bypasses the log or the rules of the dispatcher.
 * Answers   name the question that was seen, and hold only while the thread waits: of two people who answer at the same time
 *           one gets `run.rejected`, and the other's answer counts.
 */
import type { PublishedRun, RunPublisher } from '@runlane/client';
import type { ThreadReader } from '@runlane/run-consumer/ledger';
import { replayDeliveries } from '@runlane/webhook-dispatcher/operations';
import type { EndpointOperator, Place, ReplaySelection } from '@runlane/webhook-dispatcher/operations';
import type { DeadLetters } from './dead-letters.ts';

/** The result of an action, as a sentence; `runId`: the run to look at. */
export type Done = { message: string; runId: string | null };

/** Thrown when an action cannot be done; the message says what to change. Nothing has happened. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export type Answer = {
  threadId: string;
  assistantId: string;
  /** The question; null when it has no id: then whatever the thread asks is answered. */
  questionId: string | null;
  answer: unknown;
};
export type Cancel = { threadId: string | null; runId: string | null; action: 'interrupt' | 'rollback' };
export type Fork = { threadId: string; assistantId: string; checkpointId: string; input: unknown };
/** `text`: the edited value; null: the original one. */
export type Redrive = { id: string; text: string | null; isAgain: boolean };

export type ActionNeeds = {
  publisher: Pick<RunPublisher, 'create' | 'resume' | 'cancel'>;
  threads: Pick<ThreadReader, 'state' | 'show'>;
  letters: Pick<DeadLetters, 'redrive'>;
  endpoints: EndpointOperator;
  replays: Parameters<typeof replayDeliveries>[0];
};

/** An action that comes too late does not discard an open question. */
const WHILE_IT_WAITS = { if_thread_status: ['interrupted' as const] };

export type Actions = ReturnType<typeof createActions>;

/** Each rejects with Refused, with the client's error when Kafka does not confirm, or with RetryableError while Postgres is away. */
export function createActions({ publisher, threads, letters, endpoints, replays }: ActionNeeds) {
  return {
    async answer({ threadId, assistantId, questionId, answer }: Answer): Promise<Done> {
      if (answer === null || answer === undefined) throw new Refused('An answer is any JSON but null.');
      await assertWaits(threads, threadId, questionId);
      const paused = { thread_id: threadId, assistant_id: assistantId };
      const resume = questionId === null ? answer : { [questionId]: answer };
      return asked(await publisher.resume(paused, resume, WHILE_IT_WAITS), 'The answer is in the log');
    },

    /** Continues a thread that has stopped at a breakpoint. */
    async letOn({ threadId, assistantId }: { threadId: string; assistantId: string }): Promise<Done> {
      await assertWaits(threads, threadId, null);
      const request = { thread_id: threadId, assistant_id: assistantId, input: null, ...WHILE_IT_WAITS };
      return asked(await publisher.create(request), 'It is asked to go on');
    },

    async cancel({ threadId, runId, action }: Cancel): Promise<Done> {
      if (threadId === null && runId === null) throw new Refused('Say what to cancel: a run, or a thread.');
      const at = await publisher.cancel({ thread_id: threadId, run_id: runId, action });
      const message = `The cancel is at ${at.topic}/${at.partition}/${at.offset}; its event will show what it did.`;
      return { message, runId };
    },

    async fork({ threadId, assistantId, checkpointId, input }: Fork): Promise<Done> {
      if ((await threads.state(threadId, checkpointId)) === null) {
        throw new Refused(`Thread ${threadId} has no checkpoint ${checkpointId} any more.`);
      }
      const request = { thread_id: threadId, assistant_id: assistantId, checkpoint_id: checkpointId, input };
      return asked(await publisher.create(request), 'The fork is in the log');
    },

    async redrive(redrive: Redrive): Promise<Done> {
      const verdict = await letters.redrive(redrive);
      if (verdict.kind === 'refused') throw new Refused(verdict.why);
      return { message: `Published again as ${verdict.place}.`, runId: null };
    },

    async replay(selection: ReplaySelection): Promise<Done> {
      let count = 0;
      const signal = new AbortController().signal;
      for await (const page of replayDeliveries(replays, { selection, cursor: null, signal })) count = page.total;
      if (count === 0) throw new Refused('There is no such delivery that has ended.');
      return {
        message: count === 1 ? 'The delivery is due again.' : `${count} deliveries are due again.`,
        runId: null,
      };
    },

    async pause(place: Place): Promise<Done> {
      if (!(await endpoints.pause(place))) throw new Refused('No webhook was ever sent there.');
      return { message: 'Nothing is sent there until it is resumed.', runId: null };
    },

    /** Lifts a pause, an open breaker, and a receiver's own `disable`. */
    async resume(place: Place): Promise<Done> {
      const enabled = await endpoints.enable(place);
      const resumed = await endpoints.resume(place);
      if (resumed === null || enabled === null) throw new Refused('No webhook was ever sent there.');
      return { message: 'It is sent to again.', runId: null };
    },
  };
}

/** Refuses immediately what is visibly too late; what happens between this look and the log is reported by the run's event. */
async function assertWaits(
  threads: Pick<ThreadReader, 'state' | 'show'>,
  threadId: string,
  questionId: string | null,
): Promise<void> {
  const [thread, state] = await Promise.all([threads.show(threadId), threads.state(threadId, null)]);
  const isAsked = questionId === null || state?.interrupts.some(({ id }) => id === questionId) === true;
  if (thread?.status === 'interrupted' && isAsked) return;
  throw new Refused(
    `It came too late: somebody has answered on thread ${threadId} already, or it has gone on otherwise.`,
  );
}

function asked({ topic, partition, offset, run_id }: PublishedRun, what: string): Done {
  return { message: `${what}, at ${topic}/${partition}/${offset}.`, runId: run_id };
}
