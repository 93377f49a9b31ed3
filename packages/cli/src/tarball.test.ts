/**
 * The command line as its users get it: packed, unpacked in a project that has only the dependencies of the package,
 * and run as `runlane`. Real: the tarball, Node, bash, Kafka, Postgres. Doubled: npm, which would bring the same
 * dependencies more slowly. Decides: what is printed, and exit codes.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, nodeOf, npmInstall, runProgram, runProgramWell } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Json } from '@runlane/contracts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** What `npm run pack` runs. */
const PACK = fileURLToPath(new URL('../../../infra/scripts/pack.ts', import.meta.url));

let project: string;
/** Where the tarball of the command line lies. */
let tarball: string;
/** What was packed, by path. */
let packed: string[];
let environment: Record<string, string>;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'runlane-cli-tarball-'));
  const { stdout } = await runProgramWell(process.execPath, [PACK]);
  packed = stdout.trim().split('\n');
  tarball = packed.find((path) => basename(path).startsWith('runlane-cli-')) ?? '';
  await install(tarball);
  environment = {
    SCHEMA_REGISTRY_URL: '',
    KAFKA_BROKERS: inject('kafkaBrokers').join(),
    DATABASE_URL: await createDatabase(inject('databaseUrl')),
    RUNLANE_TOPIC_PREFIX: `cli-${randomUUID()}.`,
  };
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Does what npm does, with the dependencies of the workspace. */
async function install(tarball: string): Promise<void> {
  const modules = join(project, 'node_modules');
  const folder = join(modules, '@runlane', 'cli');
  for (const made of [folder, join(modules, '.bin')]) mkdirSync(made, { recursive: true });
  await runProgramWell('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    dependencies: Record<string, string>;
  };
  for (const [name, path] of Object.entries(manifest.bin)) symlinkSync(join(folder, path), join(modules, '.bin', name));
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    if (!/^\d/.test(version)) throw new Error(`${name} is packed with ${version}, which no registry knows.`);
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(PACKAGE, 'node_modules', name), join(modules, name));
  }
}

/** What `runlane` prints, as the shell of the project finds it. */
async function runlane(args: readonly string[], { node = process.execPath, code = 0 } = {}): Promise<string> {
  const path = [dirname(node), join(project, 'node_modules', '.bin'), process.env['PATH']].join(':');
  const ending = await runProgram('runlane', args, { cwd: project, environment: { ...environment, PATH: path } });
  expect(ending).toMatchObject({ code });
  return ending.stdout;
}

const linesOf = (text: string): Json[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);

test('npm run pack packs the client and the command line', () => {
  const names = packed.map((path) => basename(path).replace(/-[\d.]+\.tgz$/, ''));
  expect(names.toSorted()).toEqual(['runlane-cli', 'runlane-client']);
});

test('it runs on the oldest Node that it supports', async ({ skip }) => {
  const found = await nodeOf('22.12.0');
  if (!('node' in found)) return skip(found.missing);
  expect(await runlane(['--version'], found)).toBe('0.1.0\n');
  expect(linesOf(await runlane(['migrate'], found))).toHaveLength(1);
});

test('npx runs it in an empty folder on each Node that it supports, and on an older one it says which it needs', async ({
  skip,
}) => {
  const folder = join(project, 'own');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const missing = await npmInstall(folder, [tarball]);
  if (missing !== null) return skip(missing);
  const said: Record<string, unknown> = {};
  for (const version of ['20.19.0', '22.12.0', '24.21.0']) {
    const found = await nodeOf(version);
    if (!('node' in found)) return skip(found.missing);
    const path = [dirname(found.node), process.env['PATH']].join(':');
    const args = ['--no-install', 'runlane', '--version'];
    const { code, output } = await runProgram('npx', args, { cwd: folder, environment: { PATH: path } });
    said[version] = [code, output.trim()];
  }
  expect(said).toEqual({
    '20.19.0': [
      1,
      expect.stringMatching(/^runlane: This is Node 20\.19\.0, and the command line needs 22\.12 or newer/),
    ],
    '22.12.0': [0, '0.1.0'],
    '24.21.0': [0, '0.1.0'],
  });
});

test('bash completes the program', async () => {
  writeFileSync(join(project, 'completion.bash'), await runlane(['completion', 'bash']));
  const words = 'COMP_WORDS=(runlane dlq re); COMP_CWORD=2; _runlane; echo "${COMPREPLY[@]}"';
  const { stdout } = await runProgramWell('bash', ['-c', `. ./completion.bash; ${words}`], { cwd: project });
  expect(stdout).toBe('redrive\n');
});

test('it prepares a deployment, publishes to it, and tries graphs in a process of their own', async () => {
  expect(linesOf(await runlane(['migrate']))).toHaveLength(1);
  expect(await runlane(['runs', 'list'])).toBe('');
  expect((await runlane(['topics', 'create'])).split('\n').filter((line) => line.startsWith('created '))).toHaveLength(
    4,
  );
  const request = { thread_id: 'thread-1', assistant_id: 'chat', input: {} };
  expect(linesOf(await runlane(['publish', JSON.stringify(request)]))).toMatchObject([{ thread_id: 'thread-1' }]);
  writeFileSync(join(project, 'graph.mjs'), 'export const graph = 42;');
  writeFileSync(join(project, 'langgraph.json'), JSON.stringify({ graphs: { answer: './graph.mjs:graph' } }));
  environment['LANGGRAPH_CONFIG'] = join(project, 'langgraph.json');
  const seen = await runlane(['doctor'], { code: 2 });
  expect(linesOf(seen)).toContainEqual({
    status: 'problem',
    check: 'graph answer',
    detail: expect.stringContaining('graph.mjs'),
  });
});

test('every statement and folder of migrations that its code names is where the code looks for it', () => {
  const dist = join(project, 'node_modules/@runlane/cli/dist');
  const code = readdirSync(dist).filter((file) => file.endsWith('.js'));
  const named = code.flatMap((file) =>
    readFileSync(join(dist, file), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*\*/.test(line))
      .flatMap((line) => /new URL\(["'`]([^"'`$]+(?:\.sql|\/))["'`], import\.meta\.url\)/.exec(line)?.[1] ?? []),
  );
  expect(named.filter((path) => path.endsWith('.sql')).length).toBeGreaterThan(0);
  expect(named.filter((path) => !existsSync(join(dist, path)))).toEqual([]);
});

test('the tarball holds what is built, its statements and migrations, the licences, and nothing of the sources', () => {
  const files = readdirSync(join(project, 'node_modules/@runlane/cli'), { recursive: true, encoding: 'utf8' });
  const kinds = new Set(
    files.map((file) => file.replace(/^dist\/[^/]+\.js$/, 'dist/….js').replace(/[^/]+\.sql$/, '….sql')),
  );
  expect([...kinds].toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'dist',
    'dist/kafkajs.LICENSE',
    'dist/migrations',
    'dist/migrations/run-consumer',
    'dist/migrations/run-consumer/….sql',
    'dist/migrations/webhook-dispatcher',
    'dist/migrations/webhook-dispatcher/….sql',
    'dist/sql',
    'dist/sql/….sql',
    'dist/….js',
    'package.json',
  ]);
});
