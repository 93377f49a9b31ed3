import type { ReactNode } from 'react';
import type { WaitingThread } from '../../src/app/waiting.ts';
import type { Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { AnswerForm } from '../parts/answer-form.tsx';
import { MoreButton, usePages } from '../parts/pages.tsx';
import { Age, Failure, RunLink, ThreadLink, Value } from '../parts/parts.tsx';

type Waiting = Wire<WaitingThread>;
type Page = { threads: WaitingThread[]; next: string | null };

/** Threads that have paused, the one that has waited longest first. */
export function WaitingScreen(): ReactNode {
  const { found, rows: threads } = usePages<Page, Waiting>({
    path: 'waiting',
    cursor: 'after',
    rowsOf: (page) => page.threads,
    nextOf: ({ next }) => next,
  });
  return (
    <>
      <h1>Waiting for you</h1>
      <p className="lead">Threads that have paused for an answer, the one that has waited longest first.</p>
      <Failure error={found.error} />
      {threads.map((waiting) => (
        <WaitingCard key={waiting.threadId} waiting={waiting} />
      ))}
      {found.isSuccess && threads.length === 0 && <p className="empty">Nobody waits for an answer.</p>}
      {found.isPending && <p className="faint">Reading …</p>}
      <MoreButton found={found} label="Show more" />
    </>
  );
}

/** A question of a thread, with the form for its answer. */
export function WaitingCard({ waiting }: { waiting: Waiting }): ReactNode {
  const { threadId, assistantId, pausedAt, questions, runId, graphId } = waiting;
  return (
    <article className="waiting" aria-label={`Thread ${threadId}`}>
      <header>
        <ThreadLink id={threadId} />
        <span>
          {graphId ?? ''} · run <RunLink id={runId} /> · for <Age at={pausedAt} />
        </span>
      </header>
      {questions.length === 0 && <p>It stands at a breakpoint and goes on when it is let.</p>}
      {questions.map(({ id, value, response_schema: schema }, index) => (
        <section key={id ?? index}>
          <Question value={value} />
          {assistantId !== null && (
            <AnswerForm threadId={threadId} assistantId={assistantId} questionId={id} schema={schema} />
          )}
        </section>
      ))}
      {assistantId === null && (
        <p className="faint">Its run has left the ledger: answer with the command line, which is told the assistant.</p>
      )}
      {assistantId !== null && questions.length === 0 && (
        <Action
          name="letOn"
          label="Let it go on"
          body={{ threadId, assistantId }}
          question="The thread goes on behind its breakpoint. That cannot be undone."
        />
      )}
    </article>
  );
}

/** Characters of a text that is shown as a sentence; longer ones scroll. */
const SENTENCE = 5_000;

function Question({ value }: { value: unknown }): ReactNode {
  if (typeof value === 'string' && value.length <= SENTENCE) return <p className="question">{value}</p>;
  return <Value of={value} label="Question" />;
}
