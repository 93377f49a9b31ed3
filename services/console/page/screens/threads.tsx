import type { ThreadRow } from '@runlane/run-consumer/ledger';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import type { Wire } from '../api.ts';
import { FoundThreads, SearchForm, conditionsOf } from './found-threads.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import { Age, Status, ThreadLink } from '../parts/parts.tsx';
import type { Column } from '../parts/table.tsx';
import { TextSearch } from '../parts/text-search.tsx';

type ThreadsPage = { threads: ThreadRow[]; next: string | null };

const COLUMNS: readonly Column<Wire<ThreadRow>>[] = [
  { name: 'Thread', cell: ({ threadId }) => <ThreadLink id={threadId} /> },
  { name: 'Is', cell: ({ status }) => <Status of={status} /> },
  { name: 'Unfinished', cell: ({ unfinishedCount }) => (unfinishedCount >= 1_000 ? '1,000+' : unfinishedCount) },
  { name: 'Partition', cell: ({ partition }) => partition },
  { name: 'Changed', cell: ({ updatedAt }) => <Age at={updatedAt} /> },
  { name: 'Age', cell: ({ createdAt }) => <Age at={createdAt} /> },
];

/** Threads in the order of their ids, from a given id. */
export function Threads(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const from = search.get('from') ?? '';
  const conditions = conditionsOf(search);
  return (
    <>
      <h1>Threads</h1>
      <p className="lead">In the order of their ids, beginning with the one that you name or the next after it.</p>
      <TextSearch
        key={`from ${from}`}
        label="thread_id, or how it begins"
        initial={from}
        button="Look"
        onSearch={(text) => setSearch(text === '' ? {} : { from: text })}
      />
      <SearchForm key={search.toString()} conditions={conditions} onSearch={setSearch} />
      {conditions === null ? <ById from={from} /> : <FoundThreads conditions={conditions} />}
    </>
  );
}

function ById({ from }: { from: string }): ReactNode {
  return (
    <PagedTable<ThreadsPage, Wire<ThreadRow>>
      label="Threads"
      path="threads"
      cursor="after"
      query={{ from }}
      rowsOf={({ threads }) => threads}
      nextOf={({ next }) => next}
      keyOf={({ threadId }) => threadId}
      columns={COLUMNS}
      empty={from === '' ? 'No run was accepted on any thread yet.' : 'No thread has that id or a later one.'}
    />
  );
}
