import { printable } from './event-line.ts';
import type { EventLine } from './event-line.ts';
import { GraphStates } from './graph-states.ts';
import { logFields } from './log-lines.ts';

/** Log lines of the services that are better shown in the table of events. */
export class ServiceRows {
  readonly graphs = new GraphStates();
  /** Where the page for people is; null before the console has said so. */
  consoleUrl: string | null = null;

  /** The row for a line of a log; null when it is for the file alone, or to be shown as it is. */
  rowOf(line: string): EventLine | null {
    const fields = logFields(line);
    switch (fields?.['msg']) {
      case 'console.listening':
        this.consoleUrl = `http://${text(fields['host'])}:${String(fields['console_port'])}`;
        return null;
      case 'graph.loaded':
        this.graphs.loaded(text(fields['graph_id']));
        return null;
      case 'graph.not_loadable':
        this.graphs.notLoadable(text(fields['graph_id']), messageOf(fields['err']));
        return null;
      case 'graphs.reloading':
        return row(fields, 'reload', `${list(fields['files'])}: new runs have the new code`, 'plain');
      case 'graph.console':
        return row(fields, '  console', text(fields['text']), isBad(fields) ? 'bad' : 'plain');
      case 'webhook.attempted':
        return fields['result'] === 'delivered' ? null : row(fields, 'webhook', failedWebhook(fields), 'bad');
      default:
        return null;
    }
  }

  /** Whether something else shows the same: dead letters have their own rows, and a changed project starts anew. */
  isShownElsewhere(line: string): boolean {
    const msg = logFields(line)?.['msg'];
    return msg === 'batch.admitted' || msg === 'project.changed';
  }
}

type Fields = Record<string, unknown>;

function row(fields: Fields, type: string, detail: string, tone: EventLine['tone']): EventLine {
  return {
    time: new Date(text(fields['time'])).toTimeString().slice(0, 8),
    type,
    graph: printable(text(fields['graph_id'] ?? '-')),
    thread: printable(text(fields['thread_id'] ?? '-')),
    detail: printable(detail),
    tone,
  };
}

function failedWebhook(fields: Fields): string {
  const why = [fields['status'], fields['reason']].filter((part) => part != null).map(text);
  const next = fields['result'] === 'dead' ? 'given up' : `tried again ${whenIn(fields['retry_after_ms'])}`;
  return `${text(fields['origin'])}: ${why.join(', ') || text(fields['outcome'])}; ${next}; run ${text(fields['run_id'])}`;
}

function whenIn(milliseconds: unknown): string {
  if (typeof milliseconds !== 'number') return 'later';
  const seconds = Math.max(1, Math.round(milliseconds / 1_000));
  return seconds < 120 ? `in ${seconds} s` : `in ${Math.round(seconds / 60)} min`;
}

function isBad(fields: Fields): boolean {
  return fields['level'] === 'warn' || fields['level'] === 'error';
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? text(error.message) : text(error);
}

function list(value: unknown): string {
  return Array.isArray(value) ? value.map(text).join(', ') : text(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
