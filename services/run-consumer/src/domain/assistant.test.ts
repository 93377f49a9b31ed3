/** Pure, nothing is doubled. Decides: the version that would be stored, and the words of a refusal. */
import { parseAssistantCreate, parseAssistantUpdate } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { describe, expect, test } from 'vitest';
import { changedVersion, firstVersion, problemsOfVersion } from './assistant.ts';
import type { AssistantVersion } from './assistant.ts';

const GRAPHS = ['chat', 'worker'];

test('a new assistant has the name of its graph, unless it has one of its own', () => {
  expect(created({ graph_id: 'chat' })).toEqual({
    graphId: 'chat',
    name: 'chat',
    description: null,
    metadata: {},
    config: null,
    context: null,
  });
  expect(created({ graph_id: 'chat', name: 'Polite', description: 'Says please.' })).toMatchObject({
    name: 'Polite',
    description: 'Says please.',
  });
});

describe('a change', () => {
  const active = created({
    graph_id: 'chat',
    name: 'Polite',
    description: 'Says please.',
    metadata: { team: 'a', cost: 1 },
    config: { tags: ['a'], recursion_limit: 3, configurable: { colour: 'red', size: 1 } },
  });

  test('of nothing leaves it the same', () => {
    expect(changed(active, {})).toEqual(active);
  });

  test('merges metadata and replaces everything else', () => {
    expect(changed(active, { metadata: { team: 'b' }, config: { configurable: { colour: 'blue' } } })).toEqual({
      ...active,
      metadata: { team: 'b', cost: 1 },
      config: { tags: null, recursion_limit: null, configurable: { colour: 'blue' } },
    });
    expect(changed(active, { graph_id: 'worker', name: 'Rude', description: 'Does not.' })).toMatchObject({
      graphId: 'worker',
      name: 'Rude',
      description: 'Does not.',
      config: active.config,
    });
  });

  test('to an empty context or config removes the stored one', () => {
    const withContext = changed(active, { config: {}, context: { user: 'u' } });
    expect(problemsOfVersion(withContext, GRAPHS)).toEqual([]);
    expect(changed(withContext, { context: {} })).toMatchObject({
      context: {},
      config: { tags: null, recursion_limit: null, configurable: null },
    });
  });
});

describe('a version is refused', () => {
  test.each<[string, Json, RegExp]>([
    [
      'for a graph that is not there',
      { graph_id: 'caht' },
      /^graph_id: .*no graph caht. Known graphs: chat, worker\.$/,
    ],
    [
      'with reserved keys',
      { graph_id: 'chat', config: { configurable: { thread_id: 'x', __pregel_resuming: true } } },
      /^config\.configurable: sets thread_id, __pregel_resuming/,
    ],
    [
      'with a context beside a configurable',
      { graph_id: 'chat', context: { a: 1 }, config: { configurable: { b: 2 } } },
      /^context: cannot be combined with a config\.configurable/,
    ],
    [
      'that is larger than every run and event should have to carry',
      { graph_id: 'chat', metadata: { text: 'x'.repeat(1024 * 1024) } },
      /^assistant: has \d+ bytes as JSON, and at most 1048576/,
    ],
  ])('%s', (_name, json, problem) => {
    expect(problemsOfVersion(created(json), GRAPHS)).toEqual([expect.stringMatching(problem)]);
  });

  test('but not with an empty one of the two', () => {
    expect(
      problemsOfVersion(created({ graph_id: 'chat', context: {}, config: { configurable: { b: 2 } } }), GRAPHS),
    ).toEqual([]);
    expect(
      problemsOfVersion(created({ graph_id: 'chat', context: { a: 1 }, config: { configurable: {} } }), GRAPHS),
    ).toEqual([]);
  });
});

function created(json: Json): AssistantVersion {
  const parsed = parseAssistantCreate(json);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join(' '));
  return firstVersion(parsed.value);
}

function changed(active: AssistantVersion, json: Json): AssistantVersion {
  const parsed = parseAssistantUpdate(json);
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join(' '));
  return changedVersion(active, parsed.value);
}
