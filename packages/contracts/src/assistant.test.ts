import { expect, it } from 'vitest';
import { parseAssistantCreate, parseAssistantUpdate } from './index.ts';
import type { Json } from './index.ts';

// Pure, nothing is doubled. Decides: what the reader of an assistant returns.

const ID = 'AAAAAAAA-0000-4000-8000-00000000000A';

it('reads a new assistant, with its id in lower case and null for what is missing', () => {
  expect(parseAssistantCreate({ graph_id: 'chat', assistant_id: ID, config: { configurable: {} } })).toEqual({
    kind: 'ok',
    value: {
      assistant_id: ID.toLowerCase(),
      graph_id: 'chat',
      name: null,
      description: null,
      metadata: null,
      config: { tags: null, recursion_limit: null, configurable: null },
      context: null,
    },
  });
});

it('keeps an empty context and an empty config of an update, because they remove the stored ones', () => {
  expect(parseAssistantUpdate({ context: {}, config: {} })).toMatchObject({
    kind: 'ok',
    value: { graph_id: null, context: {}, config: { tags: null, recursion_limit: null, configurable: null } },
  });
});

it.for<[string, Json, string]>([
  ['no graph', {}, 'graph_id: is missing. Expected: The name of a graph in langgraph.json: a text, required.'],
  ['an id that is no UUID', { graph_id: 'g', assistant_id: 'chat' }, 'assistant_id: does not fit (it is a text).'],
  [
    'an unknown field',
    { graph_id: 'g', graphId: 'g' },
    'assistant: has unknown fields: "graphId" (did you mean graph_id?)',
  ],
  ['an unknown key of config', { graph_id: 'g', config: { callbacks: [] } }, 'config: has unknown fields: "callbacks"'],
  ['what Postgres cannot hold', { graph_id: 'g', context: { a: '\0' } }, 'context.a: holds a NUL character'],
  ['what nests too deep', { graph_id: 'g', context: nested(256) }, 'assistant: nests deeper than 256 levels'],
])('refuses %s', ([, json, problem]) => {
  expect(parseAssistantCreate(json)).toEqual({ kind: 'invalid', problems: [expect.stringContaining(problem)] });
});

function nested(levels: number): Json {
  let json: Json = {};
  for (let level = 1; level < levels; level += 1) json = { in: json };
  return json;
}
