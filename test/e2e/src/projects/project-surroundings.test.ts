/**
 * Whole projects run with the surroundings that the command lines of tsx and LangGraph give them in their folder.
 * Real: Kafka, Postgres, the process, project folders of their own. Decides: the events and the log.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@runlane/testkit';
import { afterAll, expect, inject, test } from 'vitest';
import { ProjectFolders, telling } from '../support/project-folder.ts';
import { World, runCreate } from '../support/world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
const folders = new ProjectFolders();
afterAll(() => folders[Symbol.dispose]());
const project = (files: Record<string, string | object>) => folders.create(files);

async function outputs(world: World, graphs: string[]): Promise<unknown> {
  const events = await world.collectEvents();
  const ended = graphs.map(async (graphId) => {
    const runId = randomUUID();
    await world.publish(runCreate(graphId, { run_id: runId, assistant_id: graphId, input: { out: '' } }));
    const { values, error } = await events.terminal(runId);
    return [graphId, error ?? (values as { out?: unknown }).out];
  });
  return Object.fromEntries(await Promise.all(ended));
}

test('a project finds its files; what it lacks (an env file, the base of its tsconfig) is logged and ends nothing', async () => {
  const directory = project({
    'package.json': { type: 'module' },
    'tsconfig.json': { extends: '@tsconfig/not-installed' },
    'langgraph.json': { graphs: { file: './src/file.ts:graph', cwd: './src/cwd.ts' }, env: '.env' },
    'prompts/system.txt': 'Be nice',
    'src/file.ts': telling(
      'prompt',
      `import { readFileSync } from 'node:fs';
      const prompt = readFileSync('./prompts/system.txt', 'utf8');`,
    ),
    'src/cwd.ts': telling('[process.cwd(), process.env.PWD]', '', 'export default'),
    'src/tsconfig.json': { compilerOptions: { emitDecoratorMetadata: true } },
  });
  await using world = await World.create(servers());
  const service = world.runConsumer({ LANGGRAPH_CONFIG: join(directory, 'langgraph.json') });
  await service.ready();
  expect(await outputs(world, ['file', 'cwd'])).toEqual({ file: 'Be nice', cwd: [directory, directory] });
  const warnings = JSON.stringify(service.logs.filter(({ level }) => level === 'warn'));
  expect(warnings).toContain(`The env file ${join(directory, '.env')} does not exist`);
  expect(warnings).toContain('tsconfig.json sets emitDecoratorMetadata, which tsx ignores');
  expect(warnings).toContain('tsconfig.not_resolved');
  expect(warnings).toContain(join(directory, 'tsconfig.json'));
});

test('a CommonJS project in TypeScript runs, its path aliases from the base of a monorepo and its default exports too', async () => {
  const directory = project({
    'package.json': { name: 'nx' },
    'tsconfig.base.json': { compilerOptions: { baseUrl: '.', paths: { '@org/lib': ['libs/lib/src/index.ts'] } } },
    'libs/lib/src/index.ts': `export * from './lib';`,
    'libs/lib/src/lib.ts': `export const lib = 'nx lib';`,
    'apps/agent/tsconfig.json': { extends: '../../tsconfig.base.json', files: [], references: [] },
    'apps/agent/langgraph.json': {
      graphs: { alias: './graph.ts:graph', dflt: './dflt.ts', env: './env.ts:graph' },
      env: '.env',
    },
    'apps/agent/.env': 'DATABASE_URL=postgres://the-project/s-own\nCOLOUR=of the file\nSHAPE=of the file\n',
    'apps/agent/graph.ts': telling('lib', `import { lib } from '@org/lib';`),
    'apps/agent/dflt.ts': telling(`'default'`, '', 'export default'),
    'apps/agent/env.ts': telling('[process.env.DATABASE_URL, process.env.COLOUR, process.env.SHAPE]'),
  });
  await using world = await World.create(servers());
  const service = world.runConsumer({
    LANGGRAPH_CONFIG: join(directory, 'apps/agent/langgraph.json'),
    SHAPE: 'of the process',
  });
  await service.ready();
  expect(await outputs(world, ['alias', 'dflt', 'env'])).toEqual({
    alias: 'nx lib',
    dflt: 'default',
    env: ['postgres://the-project/s-own', 'of the file', 'of the process'],
  });
});

test('the output of graphs is in the log with their run, and graphs have what a LangGraph server provides', async () => {
  const directory = project({
    'package.json': { type: 'module' },
    'langgraph.json': {
      graphs: { prints: './prints.ts', context: './context.ts', factory: './factory.ts', opens: './opens.ts' },
    },
    'prints.ts': telling(
      `(console.log('in a node %d', 7), console.table([{ a: 1 }]), console.error(new Error('no')), logger.info('by the sdk', { a: 1 }), process.stdout.write('raw '), process.stdout.write(Buffer.from('line\\nrest')), 'ok')`,
      `const logger = globalThis[Symbol.for('langgraph.api.sdk-logger')]; console.warn('while it loads');`,
      'export default',
    ),
    'context.ts': `import { Annotation, StateGraph } from '@langchain/langgraph';
      export default new StateGraph(Annotation.Root({ out: Annotation<any> }))
        .addNode('a', (_state, config) => ({ out: config.context })).addEdge('__start__', 'a').compile();`,
    'factory.ts': `import { Annotation, StateGraph } from '@langchain/langgraph';
      export default (config: any, runtime: any) => new StateGraph(Annotation.Root({ out: Annotation<any> }))
        .addNode('a', () => ({ out: [typeof config.store, typeof config.checkpointer, config.configurable.graph_id, runtime] }))
        .addEdge('__start__', 'a');`,
    'opens.ts': `import { Annotation, StateGraph } from '@langchain/langgraph';
      export default () => {
        let isOpen = true;
        const graph = new StateGraph(Annotation.Root({ out: Annotation<any> }))
          .addNode('a', () => ({ out: isOpen })).addEdge('__start__', 'a').compile();
        const close = async () => { isOpen = false; console.log('closed'); };
        return Object.assign(graph, { [Symbol.asyncDispose]: close });
      };`,
  });
  await using world = await World.create(servers());
  const service = world.runConsumer({ LANGGRAPH_CONFIG: join(directory, 'langgraph.json') });
  await service.ready();
  expect(await outputs(world, ['prints', 'context', 'factory', 'opens'])).toEqual({
    prints: 'ok',
    context: {},
    opens: true,
    factory: [
      'object',
      'object',
      'factory',
      { accessContext: 'threads.create_run', executionRuntime: { context: {} } },
    ],
  });
  const closed = await eventually(() => service.logs.find(({ text }) => text === 'closed'), {
    what: 'what the factory has opened is closed',
  });
  expect(closed).toMatchObject({ msg: 'graph.console', graph_id: 'opens', thread_id: 'opens' });
  const printed = service.logs.filter(
    ({ msg, text }) => msg === 'graph.console' && text !== 'closed' && text !== 'rest',
  );
  const ofRun = { graph_id: 'prints', thread_id: 'prints', run_id: expect.stringMatching(/./) };
  expect(printed).toMatchObject([
    { level: 'warn', text: 'while it loads' },
    { level: 'info', text: 'in a node 7', ...ofRun },
    { level: 'info', text: expect.stringContaining('│'), ...ofRun },
    { level: 'error', text: expect.stringContaining('Error: no'), ...ofRun },
    { level: 'info', text: 'by the sdk', meta: [{ a: 1 }], ...ofRun },
    { level: 'info', text: 'raw line', stream: 'stdout', ...ofRun },
  ]);
  await eventually(() => service.logs.some(({ text }) => text === 'rest'), { what: 'what has no end of line is told' });
  expect(printed[0]).not.toHaveProperty('run_id');
});

test('the messages of LangSmith about a refusing endpoint are in the log like the output of graphs, and runs succeed', async () => {
  const endpoint = createServer((_request, response) => response.writeHead(403).end()).listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const { port } = endpoint.address() as AddressInfo;
  const directory = project({
    'package.json': { type: 'module' },
    'langgraph.json': {
      graphs: { traced: './traced.ts' },
      env: { LANGSMITH_TRACING: 'true', LANGSMITH_API_KEY: 'none', LANGSMITH_ENDPOINT: `http://127.0.0.1:${port}` },
    },
    'traced.ts': telling(`'ok'`, '', 'export default'),
  });
  await using world = await World.create(servers());
  const service = world.runConsumer({ LANGGRAPH_CONFIG: join(directory, 'langgraph.json') });
  await service.ready();
  expect(await outputs(world, ['traced'])).toEqual({ traced: 'ok' });
  const warning = await eventually(() => service.logs.find(({ text }) => /langsmith/i.test(String(text))), {
    what: 'LangSmith has warned',
    seen: () => service.logs.slice(-5),
  });
  expect(warning).toMatchObject({ msg: 'graph.console', service: 'run-consumer.graphs' });
  expect(await service.stop()).toBe(0);
  endpoint.closeAllConnections();
  endpoint.close();
});

test('a graph that throws, does not load or has a failing factory is in the log with stack, causes and its own line', async () => {
  const failing = `enum Kind { Deep = 'deep' }
    export function fail(): string {
      throw new Error('on top', { cause: new RangeError(Kind.Deep) });
    }`;
  const directory = project({
    'package.json': { type: 'module' },
    'langgraph.json': { graphs: { throws: './throws.ts', loads: './loads.ts', factory: './factory.ts' } },
    'fail.ts': failing,
    'throws.ts': telling('fail()', `import { fail } from './fail.js';`, 'export default'),
    'loads.ts': telling('1', `import { fail } from './fail.js'; fail();`, 'export default'),
    'factory.ts': `import { fail } from './fail.js'; export default async () => fail();`,
  });
  await using world = await World.create(servers());
  const service = world.runConsumer({
    LANGGRAPH_CONFIG: join(directory, 'langgraph.json'),
    RUNLANE_ERROR_STACK_LENGTH: '4000',
  });
  await service.ready();
  // The line of the throw in the source, not in what was made of it, and the cause behind it.
  const stack = expect.stringMatching(/on top[^]*fail\.ts:3:[^]*RangeError: deep[^]*fail\.ts:3:/);
  expect(await outputs(world, ['throws', 'loads', 'factory'])).toEqual({
    throws: { error: 'Error', message: 'on top', stack },
    loads: { error: 'GraphNotLoadable', message: expect.stringContaining('does not load: on top'), stack },
    factory: { error: 'GraphNotLoadable', message: expect.stringContaining('factory failed: on top'), stack },
  });
  const failed = service.logs.filter(({ msg }) => msg === 'graph.failed');
  expect(failed.map(({ graph_id }) => String(graph_id)).toSorted()).toEqual(['factory', 'loads', 'throws']);
  const at = expect.stringMatching(/fail\.ts:3:/);
  for (const line of failed) {
    expect(line).toMatchObject({ level: 'info', run_id: expect.stringMatching(/./), at });
    expect(JSON.stringify(line['err'])).toMatch(/fail\.ts:3:[^]*RangeError[^]*deep/);
  }
  expect(service.logs.filter(({ msg }) => msg === 'graph.not_loadable')).toMatchObject([{ graph_id: 'loads', at }]);
});
