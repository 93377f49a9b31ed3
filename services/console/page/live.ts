/** Keeps what is looked at up to date: each status event says that something has changed, and the page asks again. */
import { useQueryClient } from '@tanstack/react-query';
import type { Query } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** However many events there are, a page asks no more often than this, in milliseconds. */
const ASK_EVERY_MS = 1_000;
/** Somebody who has scrolled far reads; asking for so many pages again would cost more than it tells. */
const MOST_PAGES = 2;
/** What no event tells of, such as leases, is asked for this often, in milliseconds. */
const ASK_ANYWAY_MS = 15_000;

export type Liveness = 'connecting' | 'live' | 'off';

export function useLiveUpdates(): Liveness {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => {
    const events = new EventSource('/api/events');
    let timer: ReturnType<typeof setTimeout> | null = null;
    const askAgain = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ predicate: isFollowed });
      }, ASK_EVERY_MS);
    };
    events.addEventListener('open', () => {
      setLiveness('live');
      askAgain();
    });
    events.addEventListener('hint', askAgain);
    events.addEventListener('reset', askAgain);
    events.addEventListener('error', () => setLiveness('off'));
    return () => {
      events.close();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client]);
  return liveness;
}

/** When a query is to be asked again without an event; false: not at all. */
export function askAgainAfterMs(query: Query): number | false {
  return isFollowed(query) ? ASK_ANYWAY_MS : false;
}

function isFollowed(query: Query): boolean {
  if (query.queryKey[0] === 'session' || query.meta?.['isFixed'] === true) return false;
  const data: unknown = query.state.data;
  const pages = typeof data === 'object' && data !== null && 'pages' in data ? data.pages : null;
  return !Array.isArray(pages) || pages.length <= MOST_PAGES;
}
