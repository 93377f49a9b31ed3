/** Status events as server-sent events: what has changed, so that a page knows what to read again. */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { EventHub } from '../../app/event-hub.ts';
import type { Caller } from './access.ts';

/** Milliseconds between two signs of life, because proxies close silent connections. */
const QUIET_MS = 15_000;

/** A stream ends with the session of its listener. @param stopped ends all of them when the process stops */
export function liveEvents(hub: EventHub, stopped: AbortSignal): Hono<Caller> {
  return new Hono<Caller>().get('/events', (context) => {
    const listener = hub.listen();
    if (listener === null) {
      return context.json({ message: 'As many pages are open as this console serves. Close some.' }, 503);
    }
    // Otherwise a proxy that buffers answers would hold these back for ever.
    context.header('x-accel-buffering', 'no');
    return streamSSE(context, async (stream) => {
      const left = new AbortController();
      stream.onAbort(() => left.abort());
      const until = context.get('until');
      const session = until === undefined ? [] : [AbortSignal.timeout(Math.max(0, until.getTime() - Date.now()))];
      const ended = AbortSignal.any([left.signal, stopped, ...session]);
      try {
        await stream.writeSSE({ event: 'open', data: '' });
        while (!ended.aborted) {
          const told = await listener.next(ended, QUIET_MS);
          if (ended.aborted) break;
          if (told === null) await stream.writeSSE({ event: 'quiet', data: '' });
          for (const one of told ?? []) {
            const data = one.kind === 'hint' ? JSON.stringify(one.hint) : '';
            await stream.writeSSE({ event: one.kind, data });
          }
        }
      } finally {
        listener.leave();
      }
    });
  });
}
