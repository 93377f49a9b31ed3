/** What is wrong with a langgraph.json is told before any server starts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSettings } from './dev-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each([
  ['nowhere.json', null, /--config names .*nowhere\.json, which does not exist/],
  ['.', null, /cannot be read: EISDIR.*Give the path of a langgraph\.json/],
  ['agent.ts', 'export const graph = 1;', /agent\.ts is not JSON/],
  ['langgraph.json', '{ "graphs": { "agent": 1 } }', /graphs\.agent: write it as "\.\/path\/to\/file\.ts:exportName"/],
])('--config %s is refused', (name, content, message) => {
  const config = join(directory, name);
  if (content !== null) writeFileSync(config, content);
  expect(() => readSettings({}, { config })).toThrow(message);
});

test('--config counts from the folder in which npm was called', () => {
  writeFileSync(join(directory, 'good.json'), '{ "graphs": { "agent": "./agent.ts:graph" } }');
  expect(readSettings({ INIT_CWD: directory }, { config: './good.json' })).toMatchObject({
    langgraphConfig: join(directory, 'good.json'),
    isDemoProject: false,
  });
});
