/** The advice that Runlane adds when a project for another runtime does not load. Real: Node's loader. */
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { loadAdvice, pathProblem } from './load-advice.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-advice-')));
afterAll(() => rmSync(directory, { recursive: true }));

/** The error with which Node's loader refuses a module, in a process of its own: vitest has another loader. */
async function refusalOf(name: string, source: string): Promise<{ error: Error; file: string }> {
  const file = join(directory, name);
  writeFileSync(file, source);
  const script = `await import(${JSON.stringify(pathToFileURL(file).href)}).catch(({ code, message }) =>
    console.log(JSON.stringify({ code, message })));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  const { code, message } = JSON.parse(stdout) as { code: string; message: string };
  return { error: Object.assign(new Error(message), { code }), file };
}

test.each([
  ['deno.mjs', `import 'npm:@langchain/langgraph';`, /npm: belong to Deno.*by its name/],
  ['jsr.mjs', `import 'jsr:@std/path';`, /jsr: belong to Deno/],
  ['url.mjs', `import 'https://esm.sh/zod';`, /https: belong to Deno/],
  ['bun.mjs', `import 'bun:sqlite';`, /bun: belong to Bun/],
  ['agent.py', 'graph = 1', /It is Python\. Runlane runs JavaScript and TypeScript/],
  [
    'missing.mjs',
    `import 'a-package-that-is-missing';`,
    /Install the project's packages; if a-package-that-is-missing is not/,
  ],
  ['throws.mjs', `throw new Error('its own');`, /^$/],
])('%s', async (name, source, advice) => {
  const { error, file } = await refusalOf(name, source);
  expect(loadAdvice(error, file)).toMatch(advice);
});

test.each([
  ['nowhere.mjs', /does not exist\. Correct its path/],
  ['.', /is a folder\. Name the file in it/],
])('a graph whose file is %s is told so', async (path, problem) => {
  const file = join(directory, path);
  const { error } = await refusalOf('importer.mjs', `await import(${JSON.stringify(file)});`);
  expect(pathProblem(error, file)).toMatch(problem);
  expect(pathProblem(error, join(directory, 'importer.mjs'))).toBeNull();
});

test.each(['pnp.mjs', 'pnp.cjs'])("%s: an installation by Yarn's Plug'n'Play is named", async (name) => {
  writeFileSync(join(directory, '.pnp.cjs'), '');
  const specifier = 'a-package-that-is-missing';
  const { error, file } = await refusalOf(
    name,
    name.endsWith('.cjs') ? `require('${specifier}')` : `import '${specifier}';`,
  );
  expect(loadAdvice(error, file)).toMatch(/\.pnp\.cjs says that Yarn.*nodeLinker: node-modules/);
});
