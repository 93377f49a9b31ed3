import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import type { Lane, LanesPage } from '../../src/app/lanes.ts';
import type { Wire } from '../api.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { Age, RunLink, Status, ThreadLink } from '../parts/parts.tsx';
import type { Column } from '../parts/table.tsx';
import { sinceOf, waitingText } from '../parts/words.ts';

const COLUMNS: readonly Column<Wire<Lane>>[] = [
  { name: 'Thread', cell: ({ threadId }) => <ThreadLink id={threadId} /> },
  { name: 'Depth', cell: ({ depth, isDeeper }) => `${depth}${isDeeper ? '+' : ''}` },
  { name: 'Head', cell: ({ head }) => <RunLink id={head?.runId ?? null} /> },
  { name: 'Is', cell: ({ head }) => head && <Status of={head.status} /> },
  { name: 'Waits for', cell: ({ head }) => head && waitingText(head.waitsFor) },
  { name: 'Since', cell: ({ head }) => head && <Age at={sinceOf(head)} /> },
];

/** Lanes with unfinished runs: the first run of each, and what it waits for. */
export function Lanes(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const isDeep = search.get('deep') === '1';
  return (
    <>
      <h1>Lanes</h1>
      <p className="lead">Threads with runs that have not ended. A lane executes its runs one after the other.</p>
      <label className="switch">
        <input
          type="checkbox"
          role="switch"
          checked={isDeep}
          onChange={({ target }) => setSearch(target.checked ? { deep: '1' } : {}, { replace: true })}
        />
        Only lanes in which runs wait behind the first
      </label>
      <PagedTable<LanesPage, Wire<Lane>>
        label="Lanes"
        path="lanes"
        cursor="after"
        query={{ deep: isDeep ? '1' : null }}
        rowsOf={({ lanes }) => lanes}
        nextOf={({ next }) => next}
        keyOf={({ threadId }) => threadId}
        columns={COLUMNS}
        empty="Nothing is under way."
      />
    </>
  );
}
