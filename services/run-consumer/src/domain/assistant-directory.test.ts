/** Pure, nothing is doubled. Decides: the assistant that a name leads to. */
import { assistantIdOfGraph } from '@runlane/contracts';
import { expect, test } from 'vitest';
import { assistantDirectory, resolveAssistant, storedIdsAmong, withGraphs, withStored } from './assistant-directory.ts';
import { storedAssistant } from './factories.fixture.ts';

const ID = 'abcdef00-0000-4000-8000-000000000001';
const OTHER = 'abcdef00-0000-4000-8000-000000000002';
const directory = assistantDirectory(['chat', ID]);

test('a graph is found by its name and by the UUID of the name, in any case of the latter', () => {
  const chat = { assistantId: assistantIdOfGraph('chat'), graphId: 'chat', defaults: null };
  for (const name of ['chat', chat.assistantId, chat.assistantId.toUpperCase()]) {
    expect(resolveAssistant(name, directory)).toEqual({ kind: 'found', assistant: chat });
  }
  expect(resolveAssistant('CHAT', directory).kind).toBe('unknown');
});

test('only UUIDs that belong to no graph are looked up among stored assistants, each once', () => {
  const names = [
    'chat',
    'nobody',
    assistantIdOfGraph('chat').toUpperCase(),
    ID,
    ID.toUpperCase(),
    OTHER,
    OTHER.toUpperCase(),
  ];
  expect(storedIdsAmong(names, directory)).toEqual([OTHER]);
});

test('a stored assistant is found by its id in any case, with its defaults', () => {
  const stored = withStored(directory, [storedAssistant({ assistantId: OTHER, metadata: { team: 'a' } })]);
  for (const name of [OTHER, OTHER.toUpperCase()]) {
    expect(resolveAssistant(name, stored)).toMatchObject({
      assistant: { assistantId: OTHER, graphId: 'chat', defaults: { metadata: { team: 'a' } } },
    });
  }
});

test('a stored assistant does not take the name of a graph', () => {
  const stored = withStored(directory, [storedAssistant({ assistantId: ID })]);
  expect(resolveAssistant(ID, stored)).toMatchObject({ assistant: { graphId: ID, defaults: null } });
});

test('a stored assistant whose graph no longer exists is unknown, and the message says so', () => {
  const stored = withStored(directory, [storedAssistant({ assistantId: OTHER, graphId: 'gone' })]);
  expect(resolveAssistant(OTHER, stored)).toEqual({
    kind: 'unknown',
    message: `Assistant ${OTHER} has graph gone, which no langgraph.json names. Known graphs: chat, ${ID}.`,
  });
});

test('graphs of other deployments are found by name and UUID, and stored assistants of theirs by id', () => {
  const both = withStored(withGraphs(directory, ['other', 'chat']), [
    storedAssistant({ assistantId: OTHER, graphId: 'other' }),
  ]);
  for (const name of ['other', assistantIdOfGraph('other').toUpperCase(), OTHER]) {
    expect(resolveAssistant(name, directory).kind).toBe('unknown');
    expect(resolveAssistant(name, both)).toMatchObject({ kind: 'found', assistant: { graphId: 'other' } });
  }
  expect(both.graphIds).toEqual(['chat', ID, 'other']);
});
