import { stripVTControlCharacters } from 'node:util';
import { DEAD_LETTER_HEADERS, isJsonObject } from '@runlane/contracts';
import type { Json, RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import type { InRecord } from '@runlane/kafka';

/** How an event is shown. */
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

/** A dead letter: its problem takes the place of the event. */
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

/** Longest error message, in characters; the event has the rest. */
const MAX_MESSAGE = 2_000;
/** Narrower, a message goes below its line from the left. */
const LEAST_WIDTH = 30;

/**
 * The line in columns, cut to `width` characters; `paint` colours the type. An error message is not cut, because its end
 * says what to do: it continues below.
 */
export function formatEventLine(line: EventLine, width: number, paint: (text: string) => string): string {
  const type = line.type.padEnd(WIDTHS.type);
  const before = `${line.time}  `;
  const columns = `  ${line.graph.padEnd(WIDTHS.graph)}  ${line.thread.padEnd(WIDTHS.thread)}  `;
  const start = before.length + type.length;
  if (line.tone !== 'bad') {
    return `${before}${paint(type)}${cut(`${columns}${line.detail}`, width - start).trimEnd()}`;
  }
  const message = cut(line.detail, MAX_MESSAGE);
  const room = width - start - columns.length;
  const [first = '', ...rest] = room >= LEAST_WIDTH ? wrap(message, room) : ['', ...wrap(message, width - 2)];
  const indent = ' '.repeat(room >= LEAST_WIDTH ? width - room : 2);
  const below = rest.map((text) => `\n${indent}${text}`).join('');
  return `${before}${paint(type)}${cut(`${columns}${first}`, width - start).trimEnd()}${below}`;
}

/** Breaks at blanks, or within a word that is longer than a line. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let left = text;
  for (;;) {
    const characters = Array.from(left);
    if (characters.length <= width) return [...lines, left];
    const blank = characters.slice(0, width + 1).lastIndexOf(' ');
    const taken = characters.slice(0, blank > 0 ? blank : width).join('');
    lines.push(taken);
    left = left.slice(taken.length).trimStart();
  }
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

/** Thread ids and values are texts of producers: control characters in them must not reach the terminal. */
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
