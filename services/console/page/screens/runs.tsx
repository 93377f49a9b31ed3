import type { ListedRun } from '@runlane/run-consumer/ledger';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { PagedTable } from '../parts/paged-table.tsx';
import { Age, RunLink, Status, ThreadLink, Time } from '../parts/parts.tsx';
import type { Column } from '../parts/table.tsx';
import { TextSearch } from '../parts/text-search.tsx';
import type { Run } from '../parts/words.ts';

type RunsPage = { running: ListedRun[]; ended: ListedRun[]; next: string | null };

const COLUMNS: readonly Column<Run>[] = [
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} /> },
  { name: 'Is', cell: ({ status }) => <Status of={status} /> },
  { name: 'Thread', cell: ({ threadId }) => <ThreadLink id={threadId} /> },
  { name: 'Graph', cell: ({ graphId, assistantId }) => graphId ?? assistantId },
  { name: 'Why', cell: ({ reason }) => reason ?? '' },
  { name: 'Ended', cell: ({ runEndedAt }) => (runEndedAt === null ? 'not yet' : <Time at={runEndedAt} />) },
  { name: 'Age', cell: ({ createdAt }) => <Age at={createdAt} /> },
];

/** Runs that are executing, and those that have ended, the newest first. */
export function Runs(): ReactNode {
  return (
    <>
      <h1>Runs</h1>
      <p className="lead">Those that execute now, then those that ended last. Runs that wait are in their lanes.</p>
      <OpenById />
      <PagedTable<RunsPage, Run>
        label="Runs"
        path="runs"
        cursor="before"
        rowsOf={({ running, ended }) => [...running, ...ended]}
        nextOf={({ next }) => next}
        keyOf={({ runId }) => runId}
        columns={COLUMNS}
        empty="No run has been asked for yet."
      />
    </>
  );
}

function OpenById(): ReactNode {
  const navigate = useNavigate();
  const open = (text: string): void => {
    const id = text.trim();
    if (id !== '') void navigate(`/run/${encodeURIComponent(id)}`);
  };
  return <TextSearch label="run_id" button="Open" onSearch={open} />;
}
