/** A table that loads its next page when its end comes near, and renders only the visible rows. */
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { usePages } from './pages.tsx';
import type { Pages } from './pages.tsx';
import { Failure } from './parts.tsx';
import { Cells, Headings } from './table.tsx';
import type { Column } from './table.tsx';

export type PagedTableProps<T, Row> = Pages<T, Row> & {
  label: string;
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** Shown when there are no rows. */
  empty: ReactNode;
};

const ROW_PX = 41;
const ROWS_AHEAD = 20;

export function PagedTable<T, Row>(props: PagedTableProps<T, Row>): ReactNode {
  const { label, columns, keyOf, empty } = props;
  const { found, rows } = usePages(props);
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useEffect(() => setTop(body.current?.getBoundingClientRect().top ?? 0), [found.isSuccess]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: ROWS_AHEAD,
    scrollMargin: top,
    getItemKey: (index) => keyOf(rows[index] as Row),
  });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = found;
  useEffect(() => {
    // A page may be empty without being the last, for example when shallow lanes are skipped.
    const isNear = lastSeen >= rows.length - 1 - ROWS_AHEAD;
    if (isNear && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [lastSeen, rows.length, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  const before = items[0] === undefined ? 0 : items[0].start - virtual.options.scrollMargin;
  const after = virtual.getTotalSize() - ((items.at(-1)?.end ?? 0) - virtual.options.scrollMargin);
  return (
    <>
      <Failure error={found.error} />
      <div className="table-wrap">
        <table aria-label={label} aria-rowcount={hasNextPage ? -1 : rows.length + 1} aria-busy={found.isFetching}>
          <thead>
            <tr aria-rowindex={1}>
              <Headings columns={columns} />
            </tr>
          </thead>
          <tbody ref={body}>
            {before > 0 && <Spacer height={before} columns={columns.length} />}
            {items.map((item) => {
              const row = rows[item.index] as Row;
              return (
                <tr key={item.key} data-index={item.index} ref={virtual.measureElement} aria-rowindex={item.index + 2}>
                  <Cells columns={columns} row={row} />
                </tr>
              );
            })}
            {after > 0 && <Spacer height={after} columns={columns.length} />}
          </tbody>
        </table>
      </div>
      {found.isSuccess && rows.length === 0 && !hasNextPage && <p className="empty">{empty}</p>}
      <p className="faint count" aria-live="polite">
        {found.isPending ? 'Reading …' : `${rows.length} shown${hasNextPage ? '; more follow as you scroll' : ''}`}
      </p>
    </>
  );
}

function Spacer({ height, columns }: { height: number; columns: number }): ReactNode {
  return (
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
