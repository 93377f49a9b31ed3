import { useInfiniteQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { LetterRow, ShownLetter } from '../../src/app/dead-letters.ts';
import { ask, pathOf, useAsked, useSession } from '../api.ts';
import type { ApiError, Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { Age, Facts, Failure, Time, Value } from '../parts/parts.tsx';

type Page = { letters: LetterRow[]; next: string | null };

const COLUMNS = ['Letter', 'Why', 'Key', 'Message', 'Age'];

/** Records that were no requests, the latest first. */
export function DeadLetters(): ReactNode {
  const found = useInfiniteQuery<Wire<Page>, ApiError, { pages: Wire<Page>[] }, string[], string | null>({
    queryKey: ['dead-letters'],
    queryFn: ({ pageParam, signal }) => ask<Page>(pathOf('dead-letters', { before: pageParam }), signal),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    // Each look reads the topic; no status event tells of a dead letter.
    meta: { isFixed: true },
  });
  const letters = (found.data?.pages ?? []).flatMap((page) => page.letters);
  return (
    <>
      <h1>Dead letters</h1>
      <p className="lead">Records of the request topic that were no requests, the latest first.</p>
      <p>
        <button
          type="button"
          className="outline small"
          disabled={found.isFetching}
          onClick={() => void found.refetch()}
        >
          Look again
        </button>
      </p>
      <Failure error={found.error} />
      {letters.length > 0 && (
        <div className="table-wrap">
          <table aria-label="Dead letters">
            <thead>
              <tr>
                {COLUMNS.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {letters.map(({ id, code, key, message, at }) => (
                <tr key={id}>
                  <td data-label="Letter">
                    <Link className="id" to={`/dead-letter?${new URLSearchParams({ id })}`}>
                      {id}
                    </Link>
                  </td>
                  <td data-label="Why">{code}</td>
                  <td data-label="Key" className="id">
                    {key}
                  </td>
                  <td data-label="Message" className="clipped" title={message}>
                    {message}
                  </td>
                  <td data-label="Age">
                    <Age at={at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.isSuccess && letters.length === 0 && <p className="empty">There is no dead letter.</p>}
      {found.isPending && <p className="faint">Reading the topic …</p>}
      {found.hasNextPage && (
        <button
          type="button"
          className="secondary"
          disabled={found.isFetching}
          onClick={() => void found.fetchNextPage()}
        >
          Show older ones
        </button>
      )}
    </>
  );
}

/** One of them: its bytes, why it is dead, and its way back. */
export function DeadLetterScreen(): ReactNode {
  const [search] = useSearchParams();
  const id = search.get('id') ?? '';
  const { data: letter, error, isPending } = useAsked<ShownLetter>(pathOf('dead-letter', { id }));
  return (
    <>
      <h1>
        Dead letter <span className="id">{id}</span>
      </h1>
      <Failure error={error} />
      {isPending && <p className="faint">Reading the topic …</p>}
      {letter && (
        <>
          <p className="failure">
            <strong>{letter.code}</strong>: {letter.message}
          </p>
          <Facts
            facts={[
              ['Key', letter.key],
              ['Written', <Time key="at" at={letter.at} />],
              ['Was at', letter.source],
              ['Bytes', letter.valueBytes === null ? 'none' : String(letter.valueBytes)],
              ['Was redriven from', letter.redriveOf],
            ]}
          />
          <h2>Value</h2>
          <Redrive key={letter.id} letter={letter} />
          <h2>Headers</h2>
          <Value of={Object.fromEntries(letter.headers)} label="Headers" />
        </>
      )}
    </>
  );
}

function Redrive({ letter }: { letter: Wire<ShownLetter> }): ReactNode {
  const [text, setText] = useState(letter.text);
  const [isAgain, setIsAgain] = useState(false);
  const id = useId();
  const canAct = useSession().data?.canAct === true;
  if (!canAct || !letter.isText) {
    return (
      <>
        {!letter.isText && <p className="faint">Its bytes are no text; they are shown as far as they are.</p>}
        <Value of={letter.text} label="Value" />
      </>
    );
  }
  const isChanged = text !== letter.text;
  return (
    <>
      <label htmlFor={id} className="faint">
        What is changed here is what is published again.
      </label>
      <textarea
        id={id}
        className="id"
        rows={12}
        spellCheck={false}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <Action
        name="redrive"
        label={isChanged ? 'Redrive as edited' : 'Redrive'}
        body={{ id: letter.id, text: isChanged ? text : null, isAgain }}
        question={`The record is published again, ${isChanged ? 'with the value as edited' : 'as it was'}. That cannot be undone.`}
      >
        <label>
          <input type="checkbox" checked={isAgain} onChange={({ target }) => setIsAgain(target.checked)} />
          Also if it was redriven before
        </label>
      </Action>
    </>
  );
}
