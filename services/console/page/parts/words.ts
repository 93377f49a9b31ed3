/** Words for what the ledger contains. */
import type { ListedRun } from '@runlane/run-consumer/ledger';
import type { Wire } from '../api.ts';

export type Run = Wire<ListedRun>;

const STEPS: readonly [number, string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A duration in its two largest units: `3 d 4 h`. */
export function durationText(ms: number): string {
  let seconds = Math.max(0, Math.round(ms / 1_000));
  const parts: string[] = [];
  for (const [size, unit] of STEPS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0 || (size === 1 && parts.length === 0)) parts.push(`${count} ${unit}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.join(' ');
}

/** What an unfinished run waits for; empty for one that has ended. */
export function waitingText(waits: Run['waitsFor']): string {
  if (waits === null) return '';
  switch (waits.kind) {
    case 'ending':
      return 'ended together with many others; its event follows';
    case 'scheduled':
      return `joins its lane at ${new Date(waits.until).toLocaleString()}`;
    case 'behind':
      return `${waits.aheadCount >= 1_000 ? '1,000 or more' : waits.aheadCount} before it in its lane`;
    case 'no_graph':
      return `no process serves the graph ${waits.graphId}`;
    case 'no_process':
      return 'no process executes runs';
    case 'restored_ledger':
      return 'the ledger was restored; runs that it forgot may still execute';
    case 'limit':
      return `a process that has room: ${waits.executingCount} runs execute in ${waits.processCount} processes`;
    case 'executing':
      if (waits.host === null) return 'its process is gone; another one will take it over';
      return waits.isAskedToStop ? `asked to stop, on ${waits.host}` : `executes on ${waits.host}`;
  }
}

/** When a run came into its present state. */
export function sinceOf(run: Run): string {
  return run.runStartedAt ?? run.createdAt;
}

/** A value for people: a string as it is, anything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}
