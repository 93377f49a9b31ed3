import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { ReceivedEvent } from './received-event.ts';

/** Bytes of ends of runs that are kept for those who ask later. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

type Watcher = { resolve: (event: RunStatusEvent) => void; last: RunStatusEvent | null };

/** Knows how runs ended. */
export type RunWatch = {
  take(events: readonly ReceivedEvent[]): void;
  /** Resolves with the run's terminal event. `last`: its last event so far; `forget` ends the wait. */
  watch(runId: string): { ended: Promise<RunStatusEvent>; last: () => RunStatusEvent | null; forget: () => void };
};

/**
 * @param maxBytes how many bytes of ends that nobody has asked for yet are kept, by the size of the records; the oldest is
 * dropped first
 */
export function createRunWatch(maxBytes: number = MAX_KEPT_BYTES): RunWatch {
  const ended = new Map<string, { event: RunStatusEvent; bytes: number }>();
  const watchers = new Map<string, Set<Watcher>>();
  let keptBytes = 0;

  function keep(event: RunStatusEvent, bytes: number): void {
    keptBytes += bytes - (ended.get(event.run_id)?.bytes ?? 0);
    ended.set(event.run_id, { event, bytes });
    for (const [runId, { bytes: oldBytes }] of ended) {
      if (keptBytes <= maxBytes) return;
      ended.delete(runId);
      keptBytes -= oldBytes;
    }
  }

  return {
    take: (events) => {
      for (const { event, bytes } of events) {
        const isEnd = isTerminalEventType(event.type);
        if (isEnd) keep(event, bytes);
        for (const watcher of watchers.get(event.run_id) ?? []) {
          watcher.last = event;
          if (isEnd) watcher.resolve(event);
        }
      }
    },
    watch: (runId) => {
      const { promise, resolve } = Promise.withResolvers<RunStatusEvent>();
      const watcher: Watcher = { resolve, last: null };
      const ofRun = watchers.get(runId) ?? new Set();
      watchers.set(runId, ofRun.add(watcher));
      const known = ended.get(runId);
      if (known !== undefined) resolve(known.event);
      const forget = (): void => {
        ofRun.delete(watcher);
        if (ofRun.size === 0 && watchers.get(runId) === ofRun) watchers.delete(runId);
      };
      return { ended: promise, last: () => watcher.last, forget };
    },
  };
}
