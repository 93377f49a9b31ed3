/** Pure, nothing is doubled. Decides: the configuration that the run executes with. */
import type { Json, JsonObject } from '@runlane/contracts';
import { describe, expect, test } from 'vitest';
import { metadataWithDefaults, requestWithDefaults } from './assistant-defaults.ts';
import type { AssistantDefaults } from './assistant.ts';
import { requestAt } from './factories.fixture.ts';

const config = { tags: ['theirs'], recursion_limit: 7, configurable: { colour: 'red', size: { w: 1, h: 1 } } };

function merged(defaults: Partial<AssistantDefaults>, request: Record<string, Json>): object {
  const { config: under = null, context = null, metadata = {} } = defaults;
  const all = requestWithDefaults(requestAt(1, request).request, { config: under, context, metadata });
  return { config: all.config, context: all.context };
}

test('configurable is merged member by member, and the run wins', () => {
  expect(merged({ config }, { config: { configurable: { size: { w: 2 }, shape: 'round' } } })).toMatchObject({
    config: { configurable: { colour: 'red', size: { w: 2 }, shape: 'round' } },
  });
});

describe('tags and recursion_limit', () => {
  test("are the assistant's if the run has none", () => {
    expect(merged({ config }, {})).toEqual({ config, context: null });
    expect(merged({ config }, { config: { configurable: { a: 1 } } })).toMatchObject({
      config: { tags: ['theirs'], recursion_limit: 7 },
    });
  });

  test("are the run's if it has them, even empty ones", () => {
    const request = { config: { tags: [], recursion_limit: 9 } };
    expect(merged({ config }, request)).toMatchObject({ config: { tags: [], recursion_limit: 9 } });
  });
});

test('context is merged member by member, and the run wins', () => {
  expect(merged({ context: { user: 'u', model: 'small' } }, { context: { model: 'large' } })).toEqual({
    config: null,
    context: { user: 'u', model: 'large' },
  });
});

test('a context of the run and a configurable of the assistant both stay, each in its own place, and vice versa', () => {
  expect(merged({ config }, { context: { user: 'u' } })).toEqual({ config, context: { user: 'u' } });
  expect(merged({ context: { user: 'u' } }, { config: { configurable: { colour: 'red' } } })).toEqual({
    config: { tags: null, recursion_limit: null, configurable: { colour: 'red' } },
    context: { user: 'u' },
  });
});

test('a field that is empty on both sides counts as absent', () => {
  const empty = { tags: null, recursion_limit: null, configurable: null };
  expect(merged({ config: empty, context: {} }, { config: {} })).toEqual({ config: empty, context: null });
});

test('metadata is merged, and the run wins', () => {
  const defaults = { config: null, context: null, metadata: { team: 'a', cost: 1 } };
  expect(metadataWithDefaults({ team: 'b' }, defaults)).toEqual({ team: 'b', cost: 1 });
  expect(metadataWithDefaults(null, defaults)).toEqual({ team: 'a', cost: 1 });
  expect(metadataWithDefaults(null, null)).toEqual({});
});

test('a member with the name of a property of every object stays a member', () => {
  const context = JSON.parse('{"__proto__": {"a": 1}}') as JsonObject;
  expect(JSON.stringify(merged({ context }, { context: { b: 1 } }))).toContain('"__proto__":{"a":1}');
});
