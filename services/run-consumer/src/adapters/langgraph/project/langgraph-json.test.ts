import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readLangGraphJson } from './langgraph-json.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-json-'));
afterAll(() => rmSync(directory, { recursive: true }));

function read(document: Record<string, unknown>, environment: NodeJS.ProcessEnv = {}) {
  const file = join(directory, 'langgraph.json');
  writeFileSync(file, JSON.stringify({ graphs: { g: './g.ts:graph' }, ...document }));
  return readLangGraphJson(file, environment);
}

const file = (name: string) => join(directory, name);

test('without a store section the store has no index and no times', () => {
  expect(read({}).store).toEqual({ index: null, ttl: null });
});

test.each([
  ['./src/embed.ts:embed', { file: file('src/embed.ts'), exportName: 'embed' }],
  ['embed.js:default', { file: file('embed.js'), exportName: 'default' }],
  ['../lib/embed:embeddings', { file: join(directory, '..', 'lib', 'embed'), exportName: 'embeddings' }],
])('store.index.embed %s is an export of a module of the project', (embed, source) => {
  expect(read({ store: { index: { dims: 3, embed } } }).store.index).toEqual({ dims: 3, embed: source, fields: ['$'] });
});

test('store.index.fields says what is embedded', () => {
  const index = { dims: 3, embed: './e.ts:embed', fields: ['text', 'tags[*]'] };
  expect(read({ store: { index } }).store.index).toMatchObject({ fields: ['text', 'tags[*]'] });
});

test.each(['openai:text-embedding-3-small', 'embed', './embed.ts', ':embed'])(
  'store.index.embed %s is refused, with what to write instead',
  (embed) => {
    expect(() => read({ store: { index: { dims: 3, embed } } })).toThrow(
      /store\.index\.embed is ".*"\. .*"\.\/path\/to\/file\.ts:exportName"/,
    );
  },
);

test.each([
  [{ index: { dims: 0, embed: './e.ts:e' } }, /store\.index\.dims/],
  [{ index: { embed: './e.ts:e' } }, /store\.index\.dims/],
  [{ index: { dims: 3, embed: './e.ts:e', fields: [] } }, /store\.index\.fields/],
  [{ index: { dims: 3, embed: './e.ts:e', metric: 'l2' } }, /store\.index.*metric/],
  [{ ttl: { default_ttl: -1 } }, /store\.ttl\.default_ttl/],
  [{ cache: true }, /store.*cache/],
])('the store section %j is refused by the name of its key', (store, message) => {
  expect(() => read({ store })).toThrow(message);
});

test('store.ttl is in minutes, and items are swept every hour by default', () => {
  expect(
    read({ store: { ttl: { default_ttl: 30, refresh_on_read: false, sweep_interval_minutes: 5 } } }).store.ttl,
  ).toEqual({
    defaultMinutes: 30,
    refreshOnRead: false,
    sweepEveryMinutes: 5,
  });
  expect(read({ store: { ttl: {} } }).store.ttl).toEqual({
    defaultMinutes: null,
    refreshOnRead: true,
    sweepEveryMinutes: 60,
  });
});

test('ignored keys that users would notice are reported, and those for building images are not', () => {
  const document = {
    $schema: 'x',
    node_version: '24',
    dockerfile_lines: [],
    dependencies: ['.'],
    webhooks: {},
    env: {},
    auth: { path: './auth.ts:auth' },
    http: { app: './app.ts:app' },
    ui: {},
    graph: {},
    node_loader: './loader.mjs',
  };
  expect(read(document).ignoredKeys).toEqual(['auth', 'http', 'ui', 'graph', 'node_loader']);
});

test('encryption is refused, because the data would not be encrypted', () => {
  expect(() => read({ encryption: { path: './e.ts:e' } })).toThrow(/encryption: Runlane does not encrypt checkpoints/);
});

test('defaults of assistants in LANGGRAPH_CONFIG are reported, because nothing reads them', () => {
  expect(read({ env: { LANGGRAPH_CONFIG: '{}' } }).warnings).toMatchObject([
    expect.stringMatching(/LANGGRAPH_CONFIG.*create an assistant/),
  ]);
});

test.each([
  ['./a.ts:graph', { file: file('a.ts'), exportName: 'graph' }],
  ['./a.ts', { file: file('a.ts'), exportName: 'default' }],
  ['./a.ts:', { file: file('a.ts'), exportName: 'default' }],
  ['./odd:name/a.ts:graph', { file: file('odd:name/a.ts'), exportName: 'graph' }],
])('graph %s is the named export of a module, or its default one', (spec, source) => {
  expect(read({ graphs: { g: spec } }).graphs).toEqual([{ graphId: 'g', ...source }]);
});

test('a graph may be an object with its path and a description', () => {
  const graphs = { g: { path: './a.ts:graph', description: 'Answers.', anything: 1 } };
  expect(read({ graphs }).graphs).toEqual([{ graphId: 'g', file: file('a.ts'), exportName: 'graph' }]);
});

test('env may be a file, variables, or names of variables of the process', () => {
  writeFileSync(file('.env.agent'), 'FROM=file');
  expect(read({ env: '.env.agent' }).env).toEqual({ FROM: 'file' });
  expect(read({ env: { FROM: 'object' } }).env).toEqual({ FROM: 'object' });
  expect(read({ env: ['FROM'] }, { FROM: 'process' }).env).toEqual({});
});

test('comments and commas at the end are refused: the file is JSON', () => {
  for (const text of ['{ // mine\n"graphs": {} }', '{ "graphs": {}, }']) {
    writeFileSync(file('langgraph.json'), text);
    expect(() => readLangGraphJson(file('langgraph.json'), {})).toThrow(
      /is not JSON.*Comments and trailing commas are not allowed/s,
    );
  }
});

test.each([':graph', '', './a.ts: graph', './a.ts:agents.graph'])(
  'graph "%s" is refused, with what to write',
  (spec) => {
    expect(() => read({ graphs: { g: spec } })).toThrow(`graphs.g is "${spec}". Write it as`);
  },
);

test.each([
  [{ graphs: undefined }, /graphs: it names each graph.*as in \{"graphs"/],
  [{ graphs: ['./a.ts:graph'] }, /graphs: it names each graph/],
  [{ graphs: { g: 1 } }, /graphs\.g: write it as "/],
  [{ graphs: { g: { file: './a.ts' } } }, /graphs\.g: write it as "/],
  [{ graphs: { '': './a.ts:graph' } }, /a graph needs a name/],
  [{ env: { PORT: 1 } }, /env: it is the path of a file, an object of variables whose values are texts/],
  [{ env: '.' }, /env names "\.", which cannot be read.*NAME=value/],
])('%j is refused by the name of its key, with what to write', (document, message) => {
  expect(() => read(document)).toThrow(message);
});

test('what is no langgraph.json at all is refused, with what to give', () => {
  expect(() => readLangGraphJson(directory, {})).toThrow(/EISDIR.*Give the path of a langgraph\.json/);
  writeFileSync(file('langgraph.json'), '[]');
  expect(() => readLangGraphJson(file('langgraph.json'), {})).toThrow(/the file: it is an object, as in \{"graphs"/);
});

test('a file that names no graphs is told of; a mark at its beginning is passed over', () => {
  writeFileSync(file('langgraph.json'), '\uFEFF{ "graphs": {} }');
  expect(readLangGraphJson(file('langgraph.json'), {}).warnings).toMatchObject([
    expect.stringMatching(/names no graphs\. Add one/),
  ]);
});
