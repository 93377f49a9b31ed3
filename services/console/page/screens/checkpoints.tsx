import type { CheckpointRow } from '@runlane/run-consumer/ledger';
import { useId, useState } from 'react';
import type { ReactNode } from 'react';
import type { Wire } from '../api.ts';
import { MoreButton, usePages } from '../parts/pages.tsx';
import { Action } from '../parts/action.tsx';
import { Age, Failure, RunLink } from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { valueText } from '../parts/words.ts';

export type CheckpointsProps = {
  threadId: string;
  /** Only checkpoints of this run; null: all. */
  runId: string | null;
  /** The graph that a fork executes; null when it is not known. */
  assistantId: string | null;
};

type Page = { checkpoints: CheckpointRow[]; next: string | null };

const COLUMNS: readonly Column<Wire<CheckpointRow>>[] = [
  { name: 'Checkpoint', cell: ({ checkpointId }) => checkpointId, className: 'id' },
  { name: 'Step', cell: ({ step }) => step },
  { name: 'By', cell: ({ source }) => source },
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} /> },
  { name: 'Age', cell: ({ createdAt }) => <Age at={createdAt} /> },
  { name: 'Questions', cell: ({ interrupts }) => interrupts.map(({ value }) => valueText(value)).join(' · ') },
];

const forkColumn = (threadId: string, assistantId: string): Column<Wire<CheckpointRow>> => ({
  name: '',
  cell: ({ checkpointId }) => <Fork threadId={threadId} assistantId={assistantId} checkpointId={checkpointId} />,
});

/** Checkpoints, the newest first; renders nothing when there are none. */
export function Checkpoints({ threadId, runId, assistantId }: CheckpointsProps): ReactNode {
  const { found, rows } = usePages<Page, Wire<CheckpointRow>>({
    path: 'history',
    cursor: 'before',
    query: { thread: threadId, run: runId },
    rowsOf: ({ checkpoints }) => checkpoints,
    nextOf: ({ next }) => next,
  });
  if (rows.length === 0) return <Failure error={found.error} />;
  return (
    <section>
      <h2>Checkpoints</h2>
      <Table
        label="Checkpoints"
        columns={assistantId === null ? COLUMNS : [...COLUMNS, forkColumn(threadId, assistantId)]}
        rows={rows}
        keyOf={({ checkpointId }) => checkpointId}
      />
      <Failure error={found.error} />
      <MoreButton found={found} label="Show older ones" />
    </section>
  );
}

type ForkProps = { threadId: string; assistantId: string; checkpointId: string };

function Fork({ threadId, assistantId, checkpointId }: ForkProps): ReactNode {
  const [text, setText] = useState('');
  const id = useId();
  const input = inputOf(text);
  return (
    <Action
      name="fork"
      label="Fork"
      body={{ threadId, assistantId, checkpointId, input: input.value }}
      isReady={!input.isWrong}
      question={
        <>
          A run goes on from checkpoint <span className="id">{checkpointId}</span>, and the thread with it. What came
          after stays among its checkpoints.
        </>
      }
    >
      <label htmlFor={id}>Input as JSON; empty: go on as it was</label>
      <textarea
        id={id}
        rows={3}
        value={text}
        aria-invalid={input.isWrong ? true : undefined}
        onChange={({ target }) => setText(target.value)}
      />
      {input.isWrong && <small className="failure">That is no JSON.</small>}
    </Action>
  );
}

function inputOf(text: string): { value: unknown; isWrong: boolean } {
  if (text.trim() === '') return { value: null, isWrong: false };
  try {
    return { value: JSON.parse(text), isWrong: false };
  } catch {
    return { value: null, isWrong: true };
  }
}
