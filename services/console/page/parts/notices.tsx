/**
 * Results of answers. A thread leaves the screen when it continues; the person who answered reads here whether their answer was
 * the one that counted.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Outcome } from '../../src/adapters/http/read-api.ts';
import { pathOf, useAsked } from '../api.ts';
import type { ApiError } from '../api.ts';
import { Failure, RunLink, Status, ThreadLink } from './parts.tsx';

/** `problem`: why nothing was published; otherwise `runId` is the run that carries the answer. */
export type Notice = { id: string; threadId: string } & (
  | { problem: ApiError }
  | { problem: null; runId: string | null }
);

const KEY = ['notices'];
const MOST = 5;

/** Adds a notice to the page, above the others. */
export function useNotify(): (notice: Notice) => void {
  const client = useQueryClient();
  return (notice) =>
    client.setQueryData<Notice[]>(KEY, (known = []) =>
      [notice, ...known.filter(({ id }) => id !== notice.id)].slice(0, MOST),
    );
}

export function Notices(): ReactNode {
  const client = useQueryClient();
  const { data: notices } = useQuery<Notice[]>({
    queryKey: KEY,
    queryFn: () => [],
    initialData: [],
    staleTime: Infinity,
    gcTime: Infinity,
    meta: { isFixed: true },
  });
  const drop = (id: string): void =>
    void client.setQueryData<Notice[]>(KEY, (known = []) => known.filter((notice) => notice.id !== id));
  if (notices.length === 0) return null;
  return (
    <section aria-label="Your answers" className="notices">
      {notices.map((notice) => (
        <div key={notice.id} className="notice">
          <ThreadLink id={notice.threadId} />
          {notice.problem === null ? <Carried runId={notice.runId} /> : <Failure error={notice.problem} keepsInput />}
          <button type="button" className="outline small secondary" onClick={() => drop(notice.id)}>
            Close
          </button>
        </div>
      ))}
    </section>
  );
}

function Carried({ runId }: { runId: string | null }): ReactNode {
  const { data } = useAsked<{ outcome: Outcome | null }>(pathOf('outcome', { id: runId }));
  const outcome = data?.outcome ?? null;
  if (outcome?.status === 'rejected') {
    return <span className="failure">Your answer came too late and does not count. {outcome.why}</span>;
  }
  return (
    <span>
      {outcome === null ? 'Your answer is in the log and waits to be admitted.' : 'Your answer counts:'}{' '}
      <RunLink id={runId} /> {outcome !== null && <Status of={outcome.status} />}
    </span>
  );
}
