/** Keeps the page up to date: after a status event it reads again what it shows. */
import { useQueryClient } from '@tanstack/react-query';
import type { Query } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** Shortest time between two readings, in milliseconds, however many events there are. */
const ASK_EVERY_MS = 1_000;
/** Beyond so many pages a list is not read again: somebody who has scrolled that far is reading, and it would cost much. */
const MOST_PAGES = 2;
/** Milliseconds between two readings of what no event reports, such as leases. */
const ASK_ANYWAY_MS = 15_000;

/** Milliseconds until a refused stream is asked for again. */
const LISTEN_AGAIN_MS = 3_000;

export type Liveness = 'connecting' | 'live' | 'off';

export function useLiveUpdates(): Liveness {
  const client = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => {
    let events: EventSource | null = null;
    let again: ReturnType<typeof setTimeout> | null = null;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const askAgain = (): void => {
      timer ??= setTimeout(() => {
        timer = null;
        void client.invalidateQueries({ predicate: isFollowed });
      }, ASK_EVERY_MS);
    };
    const listen = (): void => {
      const opened = new EventSource('/api/events');
      events = opened;
      opened.addEventListener('open', () => {
        setLiveness('live');
        askAgain();
      });
      opened.addEventListener('hint', askAgain);
      opened.addEventListener('reset', askAgain);
      opened.addEventListener('error', () => {
        setLiveness('off');
        // After an answer that is no stream, as a proxy gives while the console starts again, a browser does not try on itself.
        if (opened.readyState === EventSource.CLOSED) again = setTimeout(listen, LISTEN_AGAIN_MS);
      });
    };
    listen();
    return () => {
      events?.close();
      if (again !== null) clearTimeout(again);
      if (timer !== null) clearTimeout(timer);
    };
  }, [client]);
  return liveness;
}

/** Milliseconds after which a query is repeated without an event; false: never. */
export function askAgainAfterMs(query: Query): number | false {
  return isFollowed(query) ? ASK_ANYWAY_MS : false;
}

function isFollowed(query: Query): boolean {
  if (query.queryKey[0] === 'session' || query.meta?.['isFixed'] === true) return false;
  const data: unknown = query.state.data;
  const pages = typeof data === 'object' && data !== null && 'pages' in data ? data.pages : null;
  return !Array.isArray(pages) || pages.length <= MOST_PAGES;
}
