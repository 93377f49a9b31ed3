/** Lists that are loaded page by page. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ask, pathOf } from '../api.ts';
import type { ApiError, Wire } from '../api.ts';

export type Pages<T, Row> = {
  path: string;
  /** Name of the parameter with the place at which a page begins. */
  cursor: string;
  query?: Record<string, string | null>;
  rowsOf: (page: Wire<T>) => readonly Row[];
  nextOf: (page: Wire<T>) => string | null;
  /** No status event reloads it. */
  isFixed?: boolean;
};

export type Found<T> = UseInfiniteQueryResult<{ pages: Wire<T>[] }, ApiError>;

/** The rows of the loaded pages, and how to load more. */
export function usePages<T, Row>(pages: Pages<T, Row>): { found: Found<T>; rows: Row[] } {
  const { path, cursor, query = {}, rowsOf, nextOf, isFixed = false } = pages;
  const found = useInfiniteQuery<Wire<T>, ApiError, { pages: Wire<T>[] }, unknown[], string | null>({
    queryKey: [path, query],
    queryFn: ({ pageParam, signal }) => ask<T>(pathOf(path, { ...query, [cursor]: pageParam }), signal),
    initialPageParam: null,
    getNextPageParam: nextOf,
    meta: { isFixed },
  });
  return { found, rows: (found.data?.pages ?? []).flatMap((page) => [...rowsOf(page)]) };
}

/** Loads the next page, if there is one. */
export function MoreButton<T>({ found, label }: { found: Found<T>; label: string }): ReactNode {
  if (!found.hasNextPage) return null;
  return (
    <button type="button" className="secondary" disabled={found.isFetching} onClick={() => void found.fetchNextPage()}>
      {label}
    </button>
  );
}
