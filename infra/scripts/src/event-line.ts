import { stripVTControlCharacters } from 'node:util';
import { DEAD_LETTER_HEADERS, isJsonObject } from '@runlane/contracts';
import type { Json, RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import type { InRecord } from '@runlane/kafka';

/** How an event is to be looked at. */
export type Tone = 'good' | 'bad' | 'waiting' | 'plain';

/** The columns of a line about an event. `detail` is of any length. */
export type EventLine = { time: string; type: string; graph: string; thread: string; detail: string; tone: Tone };

const WIDTHS = { type: 15, graph: 10, thread: 16 };

const TONES: Record<RunStatusEventType, Tone> = {
  'run.pending': 'plain',
  'run.running': 'plain',
  'run.succeeded': 'good',
  'run.paused': 'waiting',
  'run.failed': 'bad',
  'run.timed_out': 'bad',
  'run.interrupted': 'bad',
  'run.rolled_back': 'bad',
  'run.rejected': 'bad',
};

export function lineOfEvent(event: RunStatusEvent): EventLine {
  return {
    time: clockTime(new Date(event.occurred_at)),
    type: event.type,
    graph: printable(event.graph_id ?? '-'),
    thread: printable(event.thread_id),
    detail: printable(detailOf(event)),
    tone: TONES[event.type],
  };
}

/** A record that was put aside: what was wrong with it takes the place of the event. */
export function lineOfDeadLetter(record: InRecord): EventLine {
  const header = (name: string): string => record.headers.get(name)?.at(-1)?.toString() ?? '';
  const { errorCode, errorMessage } = DEAD_LETTER_HEADERS;
  return {
    time: clockTime(new Date(record.timestampMs)),
    type: 'dead letter',
    graph: '-',
    thread: printable(record.key?.toString() ?? '(no key)'),
    detail: printable(`${header(errorCode)}: ${header(errorMessage)}`),
    tone: 'bad',
  };
}

/** The line in columns, cut to `width` characters; `paint` colours the type. */
export function formatEventLine(line: EventLine, width: number, paint: (text: string) => string): string {
  const type = line.type.padEnd(WIDTHS.type);
  const before = `${line.time}  `;
  const after = `  ${line.graph.padEnd(WIDTHS.graph)}  ${line.thread.padEnd(WIDTHS.thread)}  ${line.detail}`;
  return `${before}${paint(type)}${cut(after, width - before.length - type.length).trimEnd()}`;
}

function detailOf(event: RunStatusEvent): string {
  switch (event.type) {
    case 'run.pending':
      return '';
    case 'run.running':
      return event.attempt > 1 ? `attempt ${event.attempt}` : '';
    case 'run.succeeded':
      return event.values_omitted ? 'values too large for the event' : summaryOf(event.values);
    case 'run.paused':
      return event.interrupts_omitted
        ? 'interrupts too large for the event'
        : `waits: ${(event.interrupts ?? []).map(({ value }) => JSON.stringify(value)).join(', ')}`;
    case 'run.failed':
    case 'run.timed_out':
    case 'run.interrupted':
    case 'run.rolled_back':
    case 'run.rejected':
      return [event.reason, event.error?.message].filter((part) => part != null).join(': ');
  }
}

/** The last message of a conversation, else the whole state. */
function summaryOf(values: Json): string {
  const messages = isJsonObject(values) ? values['messages'] : undefined;
  const last = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content = last !== undefined && isJsonObject(last) ? last['content'] : undefined;
  return typeof content === 'string' ? content : JSON.stringify(values);
}

/** Thread ids and values are anybody's text: nothing in them may steer the terminal. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function clockTime(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
