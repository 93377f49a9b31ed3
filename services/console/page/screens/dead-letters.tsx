import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { LetterRow, ShownLetter } from '../../src/app/dead-letters.ts';
import { pathOf, useAsked, useSession } from '../api.ts';
import type { Wire } from '../api.ts';
import { Action } from '../parts/action.tsx';
import { MoreButton, usePages } from '../parts/pages.tsx';
import { Age, Facts, Failure, Time, Value } from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';

type Page = { letters: LetterRow[]; next: string | null };

const COLUMNS: readonly Column<Wire<LetterRow>>[] = [
  {
    name: 'Letter',
    cell: ({ id }) => (
      <Link className="id" to={`/dead-letter?${new URLSearchParams({ id })}`}>
        {id}
      </Link>
    ),
  },
  { name: 'Why', cell: ({ code }) => code },
  { name: 'Key', cell: ({ key }) => key, className: 'id' },
  { name: 'Message', cell: ({ message }) => message, className: 'clipped', titleOf: ({ message }) => message },
  { name: 'Age', cell: ({ at }) => <Age at={at} /> },
];

/** Records that were no valid requests, the newest first. */
export function DeadLetters(): ReactNode {
  const { found, rows: letters } = usePages<Page, Wire<LetterRow>>({
    path: 'dead-letters',
    cursor: 'before',
    rowsOf: (page) => page.letters,
    nextOf: ({ next }) => next,
    // Each reading reads the topic, and no status event reports a dead letter.
    isFixed: true,
  });
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
      {letters.length > 0 && <Table label="Dead letters" columns={COLUMNS} rows={letters} keyOf={({ id }) => id} />}
      {found.isSuccess && letters.length === 0 && <p className="empty">There is no dead letter.</p>}
      {found.isPending && <p className="faint">Reading the topic …</p>}
      <MoreButton found={found} label="Show older ones" />
    </>
  );
}

/** One dead letter: its bytes, its error, and its redrive. */
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
