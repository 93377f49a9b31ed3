import { describe, expect, it } from 'vitest';
import {
  LANGGRAPH_NAMESPACE,
  RUNLANE_NAMESPACE,
  assistantIdOfGraph,
  isUuid,
  runIdOfRecord,
  threadIdOfStatelessRun,
  uuidV5,
} from './index.ts';

// Pure. The vectors come from other implementations: Python's uuid.uuid5, Java's MessageDigest and UUID, and
// for the graph names from what LangGraph's servers logged.

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

describe('derived ids', () => {
  it.each([
    ['python.org', DNS, '886313e1-3b8a-5372-9b90-0c9aee199e5d'],
    ['www.example.com', DNS, '2ed6657d-e927-568b-95e1-2665a8aea6a2'],
    ['python.org', DNS.toUpperCase(), '886313e1-3b8a-5372-9b90-0c9aee199e5d'],
    ['Grüße, 世界 🌍', RUNLANE_NAMESPACE, '71ba3374-d1aa-5d90-a483-e45da43f3076'],
    ['', RUNLANE_NAMESPACE, 'f199c905-0e87-5c61-bbd4-adf662254711'],
  ])('are UUIDs of version 5: %j in %s', (name, namespace, expected) => {
    expect(uuidV5(name, namespace)).toBe(expected);
  });

  it('need a namespace that is a UUID', () => {
    expect(() => uuidV5('a', 'urn:agent')).toThrow(/"urn:agent" is not a UUID; pass/);
  });

  it.each([
    ['agent', 'fe096781-5601-53d2-b2f6-0d3403f7e9ca'],
    ['lead_agent', 'bee7d354-5df5-5f26-a978-10ea053f620d'],
  ])('of the assistant of %s are those that LangGraph gives', (graph, expected) => {
    expect(assistantIdOfGraph(graph)).toBe(expected);
    expect(uuidV5(graph, LANGGRAPH_NAMESPACE)).toBe(expected);
  });

  it('of a run come from the coordinates of its record', () => {
    const record = { topic: 'runs.requests.v1', partition: 7, offset: 42n, timestampMs: 1_700_000_000_123 };
    expect(runIdOfRecord(record)).toBe('e2777c84-6b59-56d8-aca8-11bd4f388ded');
    const others = [
      { ...record, topic: 'p.runs.requests.v1' },
      { ...record, partition: 8 },
      { ...record, offset: 43n },
      { ...record, timestampMs: 1_700_000_000_124 },
    ];
    expect(new Set([record, ...others].map(runIdOfRecord)).size).toBe(5);
  });

  it('of a run keep every digit of the largest offset', () => {
    const record = { topic: 'dev.runs.requests.v1', partition: 0, offset: 9_223_372_036_854_775_807n, timestampMs: 0 };
    expect(runIdOfRecord(record)).toBe('8a50a680-9fa0-50bb-ae3e-e66f669ada7e');
  });

  it('of the thread of a stateless run come from its run id in any case', () => {
    const expected = 'c737e5be-9509-563d-a10b-d8acf4fd90fb';
    expect(threadIdOfStatelessRun('11111111-2222-3333-4444-55555555abcd')).toBe(expected);
    expect(threadIdOfStatelessRun('11111111-2222-3333-4444-55555555ABCD')).toBe(expected);
  });
});

describe('a UUID', () => {
  it.each([
    'b6bab330-32f2-562f-b108-8a91fe98b049',
    'B6BAB330-32f2-562F-b108-8a91fe98b049',
    '00000000-0000-0000-0000-000000000000',
  ])('is 8-4-4-4-12 digits of any case: %s', (text) => expect(isUuid(text)).toBe(true));

  it.each([
    '',
    'agent',
    'b6bab33032f2562fb1088a91fe98b049',
    '{b6bab330-32f2-562f-b108-8a91fe98b049}',
    'urn:uuid:b6bab330-32f2-562f-b108-8a91fe98b049',
    'b6bab330-32f2-562f-b108-8a91fe98b04',
    'b6bab330-32f2-562f-b108-8a91fe98b0490',
    'g6bab330-32f2-562f-b108-8a91fe98b049',
    'b6bab330-32f2-562f-b108-8a91fe98b049\n',
    ' b6bab330-32f2-562f-b108-8a91fe98b049',
  ])('has no other form: %j', (text) => expect(isUuid(text)).toBe(false));
});
