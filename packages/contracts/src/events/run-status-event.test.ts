import { describe, expect, it } from 'vitest';
import {
  RUN_STATUS_EVENT_TYPES,
  STATUS_OF_EVENT_TYPE,
  TERMINAL_EVENT_TYPES,
  eventHeaders,
  isRunStatusEventType,
  isTerminalEventType,
  parseRunStatusEvent,
} from '../index.ts';
import type { Json } from '../index.ts';
import { BAD_EVENT_VALUES, GOOD_EVENT_VALUES, PAUSED, REJECTED } from './run-status-event.examples.ts';

// Pure. Decides: the verdict of parseRunStatusEvent on tables of JSON.

describe('a status event', () => {
  it.each([PAUSED, REJECTED])('is read unchanged: $type', (event) => {
    expect(parseRunStatusEvent(wire(event))).toStrictEqual({ kind: 'ok', event });
  });

  it.each(cases(GOOD_EVENT_VALUES))('is read with %s %s', (field, _, value) => {
    const event = wire({ ...PAUSED, [field]: value });
    expect(parseRunStatusEvent(event)).toStrictEqual({ kind: 'ok', event });
  });

  it.each(cases(BAD_EVENT_VALUES))('is not read with %s %s', (field, _, value) => {
    expect(parseRunStatusEvent(wire({ ...PAUSED, [field]: value }))).toEqual({
      kind: 'invalid',
      problems: [expect.stringMatching(new RegExp(`^${field}[.:]`))],
    });
  });

  it.each(Object.keys(PAUSED))('has %s in every case', (field) => {
    const others = Object.fromEntries(Object.entries(PAUSED).filter(([name]) => name !== field));
    expect(parseRunStatusEvent(wire(others))).toEqual({
      kind: 'invalid',
      problems: [expect.stringContaining(`${field}: is missing`)],
    });
  });

  it('is an object', () => {
    for (const json of [null, [], 'run.failed', 1]) expect(parseRunStatusEvent(json).kind).toBe('invalid');
  });
});

describe('event types', () => {
  it('are the nine of the contract, and the last seven are terminal', () => {
    expect(RUN_STATUS_EVENT_TYPES).toHaveLength(9);
    expect(RUN_STATUS_EVENT_TYPES.filter(isTerminalEventType)).toEqual([...TERMINAL_EVENT_TYPES]);
    expect(RUN_STATUS_EVENT_TYPES.filter((type) => !isTerminalEventType(type))).toEqual(['run.pending', 'run.running']);
  });

  it('have one status each', () => {
    expect(RUN_STATUS_EVENT_TYPES.map((type) => STATUS_OF_EVENT_TYPE[type])).toEqual([
      'pending',
      'running',
      'success',
      'success',
      'error',
      'timeout',
      'interrupted',
      'rollback',
      'rejected',
    ]);
  });

  it('are distinguished from those of later versions', () => {
    expect(RUN_STATUS_EVENT_TYPES.every(isRunStatusEventType)).toBe(true);
    for (const other of ['run.resumed', '', 'toString', null, undefined, 1]) {
      expect(isRunStatusEventType(other)).toBe(false);
    }
  });
});

describe('the headers of an event', () => {
  it('are CloudEvents in binary mode', () => {
    expect(eventHeaders(PAUSED, '/runlane/run-consumer', '00-ab-cd-01')).toStrictEqual({
      ce_specversion: '1.0',
      ce_id: PAUSED.event_id,
      ce_source: '/runlane/run-consumer',
      ce_type: 'run.paused',
      ce_subject: PAUSED.run_id,
      ce_time: '2026-01-02T12:00:00.123Z',
      ce_sequence: '0000000003',
      'content-type': 'application/json',
      traceparent: '00-ab-cd-01',
    });
  });

  it('have no traceparent without a trace', () => {
    expect(Object.keys(eventHeaders(PAUSED, 's', null))).not.toContain('traceparent');
  });

  it('sort as text in the order of the sequence', () => {
    const sequences = [1, 2, 10, 99, 100, 9_999_999_999];
    const headers = sequences.map((sequence) => eventHeaders({ ...PAUSED, sequence }, 's', null)['ce_sequence']);
    expect(headers.toSorted()).toEqual(headers);
  });
});

function wire(event: object): Json {
  return JSON.parse(JSON.stringify(event));
}

function cases(table: { [field: string]: Json[] }): [field: string, shown: string, value: Json][] {
  return Object.entries(table).flatMap(([field, values]) =>
    values.map((value): [string, string, Json] => [field, JSON.stringify(value), value]),
  );
}
