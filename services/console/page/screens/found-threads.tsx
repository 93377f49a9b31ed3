/** Threads that are searched for by status, and by the graph and metadata of their runs. */
import type { FoundThread, SearchPage } from '@runlane/run-consumer/ledger';
import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import type { Wire } from '../api.ts';
import { MoreButton, usePages } from '../parts/pages.tsx';
import { Age, Failure, RunLink, Status, ThreadLink } from '../parts/parts.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';

/** The parameters in the page's address; an empty one is not searched by. */
export type Conditions = { status: string; graph: string; metadata: string };

type Row = Wire<FoundThread>;

const COLUMNS: readonly Column<Row>[] = [
  { name: 'Thread', cell: ({ threadId }) => <ThreadLink id={threadId} /> },
  { name: 'Is', cell: ({ status }) => <Status of={status} /> },
  { name: 'Unfinished', cell: ({ unfinishedCount }) => (unfinishedCount >= 1_000 ? '1,000+' : unfinishedCount) },
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} /> },
  { name: 'Graph', cell: ({ graphId }) => graphId ?? '' },
  { name: 'Metadata', cell: ({ metadata }) => metadata !== null && <code>{metadataText(metadata)}</code> },
  { name: 'Age', cell: ({ at }) => <Age at={at} /> },
];

/** Null: there is nothing to search by. */
export function conditionsOf(search: URLSearchParams): Conditions | null {
  const of = (name: string): string => search.get(name) ?? '';
  const conditions = { status: of('status'), graph: of('graph'), metadata: of('metadata') };
  return Object.values(conditions).every((text) => text === '') ? null : conditions;
}

type SearchFormProps = {
  conditions: Conditions | null;
  onSearch: (conditions: Record<string, string>) => void;
};

export function SearchForm({ conditions, onSearch }: SearchFormProps): ReactNode {
  const [status, setStatus] = useState(conditions?.status ?? '');
  const [graph, setGraph] = useState(conditions?.graph ?? '');
  const [metadata, setMetadata] = useState(conditions?.metadata ?? '');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const given = Object.entries({ status, graph: graph.trim(), metadata: metadata.trim() });
    onSearch(Object.fromEntries(given.filter(([, text]) => text !== '')));
  };
  return (
    <form className="conditions" aria-label="By status, graph and metadata" onSubmit={submit}>
      <label>
        Status
        <select value={status} onChange={({ target }) => setStatus(target.value)}>
          <option value="">any</option>
          <option value="idle">idle</option>
          <option value="busy">busy</option>
          <option value="interrupted">interrupted</option>
          <option value="error">error</option>
        </select>
      </label>
      <label>
        Graph or assistant of a run
        <input value={graph} onChange={({ target }) => setGraph(target.value)} />
      </label>
      <label>
        Metadata of a run
        <input placeholder="tenant=acme user=7" value={metadata} onChange={({ target }) => setMetadata(target.value)} />
      </label>
      <button type="submit">Search</button>
    </form>
  );
}

/** A search may pass many rows that do not match, so it continues only on request. */
export function FoundThreads({ conditions }: { conditions: Conditions }): ReactNode {
  const { found, rows } = usePages<SearchPage<string>, Row>({
    path: 'found-threads',
    cursor: 'after',
    query: { ...conditions },
    rowsOf: ({ threads }) => threads,
    nextOf: ({ next }) => next,
    isFixed: true,
  });
  const once = [...new Map(rows.toReversed().map((row) => [row.threadId, row])).values()].toReversed();
  const looked = (found.data?.pages ?? []).reduce((sum, { lookedCount }) => sum + lookedCount, 0);
  const what = conditions.graph === '' && conditions.metadata === '' ? 'threads' : 'runs';
  return (
    <>
      <Failure error={found.error} />
      {once.length > 0 && (
        <Table label="Found threads" columns={COLUMNS} rows={once} keyOf={({ threadId }) => threadId} />
      )}
      <p className="faint count" aria-live="polite">
        {found.isPending
          ? 'Looking …'
          : `${once.length} found among the ${looked.toLocaleString('en')} ${what} looked at; ` +
            (found.hasNextPage ? 'there are more to look at.' : 'those are all.')}
      </p>
      <MoreButton found={found} label="Go on looking" />
    </>
  );
}

function metadataText(metadata: Record<string, unknown>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
