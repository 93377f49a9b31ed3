import { telling } from '../support/project-folder.ts';
import type { PackageManager } from '../support/package-managers.ts';

/** A project: what is written, and which graphs it has. */
export type Layout = {
  files: Record<string, string | object>;
  /** The folder of the package that a graph belongs to, below that of the project. */
  packages?: Record<string, string>;
  graphs: Record<string, string>;
  /** The folder of langgraph.json, below that of the project. */
  at?: string;
  /** What links the packages of the workspace. */
  manager?: PackageManager;
};

const esm = { 'package.json': { type: 'module' } };
const alias = (to: string) => ({ compilerOptions: { paths: { '@/*': [to] } } });

/** Writes an element as text. */
const JSX_RUNTIME = `export const jsx = (tag: string, { children }: { children: string }) => tag + ' of the runtime:' + children;`;

/** Two packages whose modules are compiled by settings that contradict each other, and those of the root. */
function compiledByPackage(type: 'module' | 'commonjs'): Record<string, Layout> {
  const runtime = { 'package.json': { type, imports: { '#ui/*': './ui/*.ts' } }, 'ui/jsx-runtime.ts': JSX_RUNTIME };
  const decorated = `
    const log: string[] = [];
    const noted = (_target: unknown, about: unknown) => { log.push(typeof about === 'object' ? 'standard' : 'legacy'); };
    class Base { get name() { return 'of the base'; } }
    class Tool extends Base { @noted tell() {} name!: string; }`;
  const graph = (before: string) => telling('[new Tool().name, log, <p>hello</p>]', before + decorated);
  const below = (folder: string, files: Layout['files']) =>
    Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
  const legacy = { experimentalDecorators: true, useDefineForClassFields: false, jsx: 'react', jsxFactory: 'h' };
  return {
    [`a monorepo of ${type} whose packages have decorators, fields and JSX of their own`]: {
      graphs: { one: './apps/one/src/agent.tsx:graph', two: './apps/two/src/agent.tsx:graph' },
      packages: { one: 'apps/one', two: 'apps/two' },
      files: {
        'package.json': { type },
        'tsconfig.json': { compilerOptions: { jsx: 'react', jsxFactory: 'nowhere' } },
        ...below('apps/one', {
          'package.json': { type },
          'tsconfig.json': { compilerOptions: legacy },
          'src/agent.tsx': graph(`import { h } from './h';`),
          'src/h.ts': `export const h = (tag: string, _props: unknown, ...children: string[]) => tag + ':' + children.join();`,
        }),
        ...below('apps/two', {
          ...runtime,
          'tsconfig.json': { compilerOptions: { target: 'ES2022', jsx: 'react-jsx', jsxImportSource: '#ui' } },
          'src/agent.tsx': graph(''),
        }),
      },
    },
  };
}

/** A graph that uses a package of the same workspace, which is there as TypeScript. */
function linkedBy(manager: PackageManager): Record<string, Layout> {
  const range = manager === 'pnpm' ? 'workspace:*' : '*';
  return {
    [`packages of a workspace, linked by ${manager}`]: {
      manager,
      at: 'apps/agent',
      graphs: { agent: './src/agent.ts:graph' },
      files: {
        'package.json': { name: 'acme', private: true, workspaces: ['apps/*', 'packages/*'] },
        'pnpm-workspace.yaml': 'packages: [apps/*, packages/*]',
        'apps/agent/package.json': { ...named('agent'), dependencies: { '@acme/tools': range } },
        'apps/agent/src/agent.ts': telling(
          '[tell(), deep]',
          `import { tell } from '@acme/tools'; import { deep } from '@acme/tools/deep';`,
        ),
        'packages/tools/package.json': {
          ...named('tools'),
          exports: { '.': './src/index.ts', './*': './src/*.ts' },
          dependencies: { '@acme/words': range },
        },
        'packages/tools/src/index.ts': `
          import { AIMessage } from '@langchain/core/messages';
          import { Word } from '@acme/words';
          export const tell = () => new AIMessage(Word.Hello).content;`,
        'packages/tools/src/deep.ts': `export { tell as deep } from './told.js';`,
        'packages/tools/src/told.ts': `export const tell: string = 'deep';`,
        'packages/words/package.json': { name: '@acme/words', version: '1.0.0', main: './index.ts' },
        'packages/words/index.ts': `export enum Word { Hello = 'hello' }`,
      },
    },
  };
}

const named = (name: string) => ({ name: `@acme/${name}`, version: '1.0.0', type: 'module' });

/** By what is special about them. */
export const LAYOUTS: Record<string, Layout> = {
  'a script in TypeScript that a graph forks': {
    graphs: { agent: './agent.ts:graph' },
    files: {
      ...esm,
      'script.ts': `import { Colour } from './colour.js'; process.send!(Colour.Red); process.disconnect();`,
      'colour.ts': `export enum Colour { Red = 'red' }`,
      'agent.ts': telling(
        'told',
        `import { fork } from 'node:child_process';
        const child = fork(new URL('./script.ts', import.meta.url));
        const told = await new Promise((resolve, reject) => {
          child.once('message', resolve).once('disconnect', () => reject(new Error('It told nothing.')));
        });`,
      ),
    },
  },
  'a script in TypeScript that a graph starts as a thread, and one that this starts': {
    graphs: { agent: './agent.ts:graph' },
    files: {
      ...esm,
      'thread.ts': `import { Worker, parentPort, workerData } from 'node:worker_threads';
        import { Colour } from './colour.js';
        if (workerData === 'inner') parentPort!.postMessage(Colour.Red);
        else new Worker(new URL(import.meta.url), { workerData: 'inner' }).on('message', (told) => parentPort!.postMessage([told]));`,
      'colour.ts': `export enum Colour { Red = 'red' }`,
      'agent.ts': telling(
        'told',
        `import threads, { Worker } from 'node:worker_threads';
        const thread = new Worker(new URL('./thread.ts', import.meta.url));
        if (!(thread instanceof threads.Worker)) throw new Error('Another class.');
        const told = await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));`,
      ),
    },
  },
  'modules, with .js for .ts, index files, JSON, .mts and .cts': {
    graphs: { agent: './src/agent.ts:graph' },
    files: {
      'package.json': { type: 'module', imports: { '#own/*': './src/*' } },
      'src/agent.ts': telling(
        '[js, inner, index, data.x, mts, cts.x]',
        `import { js } from './a.js';
        import { js as inner } from '#own/a.js';
        import { index } from './folder';
        import data from './data.json';
        import { mts } from './m.mjs';
        import cts from './c.cjs';`,
      ),
      'src/a.ts': `export enum Colour { Red = 'red' }\nexport const js: string = Colour.Red;`,
      'src/folder/index.ts': `export const index = 'index';`,
      'src/data.json': { x: 'json' },
      'src/m.mts': `export const mts: string = 'mts';`,
      'src/c.cts': `module.exports = { x: 'cts' as string };`,
    },
  },
  'CommonJS without a type, with require and __dirname': {
    graphs: { agent: './agent.ts:graph' },
    files: {
      'package.json': {},
      'agent.ts': telling(
        `[lib, typeof require, require('node:path').basename(__filename)]`,
        `import { lib } from './lib';`,
      ),
      'lib.ts': `export const lib: string = 'lib';`,
    },
  },
  'decorators, fields and JSX by the tsconfig': {
    graphs: { agent: './agent.tsx:graph' },
    files: {
      ...esm,
      'tsconfig.json': {
        compilerOptions: {
          experimentalDecorators: true,
          useDefineForClassFields: false,
          target: 'ES2022',
          jsx: 'react',
          jsxFactory: 'h',
        },
      },
      'agent.tsx': telling(
        '[new Tool().name, log, <p>hello</p>]',
        `const log: string[] = [];
        const h = (tag: string, _props: unknown, ...children: string[]) => tag + ':' + children.join();
        const noted = (target: object, key: string) => { log.push(key); };
        class Base { get name() { return 'of the base'; } }
        class Tool extends Base { @noted declare other: string; declare name: string; }`,
      ),
    },
  },
  'a monorepo with one langgraph.json and a tsconfig for each package': {
    graphs: { one: './apps/one/src/agent.ts:graph', two: './apps/two/src/agent.ts:graph' },
    packages: { one: 'apps/one', two: 'apps/two' },
    files: {
      ...esm,
      'apps/one/tsconfig.json': alias('./src/*'),
      'apps/two/tsconfig.json': alias('./lib/*'),
      'apps/one/src/agent.ts': telling(
        '[name, deep]',
        `import { name } from '@/name'; import { deep } from '@/deep.js';`,
      ),
      'apps/one/src/name.ts': `export const name = 'one';`,
      'apps/one/src/deep.ts': `import { name } from '@/name.js'; export const deep = 'deep ' + name;`,
      'apps/two/src/agent.ts': telling('name', `import { name } from '@/name';`),
      'apps/two/lib/name.ts': `export const name = 'two';`,
    },
  },
  'JSX by a runtime that the tsconfig names': {
    graphs: { agent: './agent.tsx:graph' },
    files: {
      'package.json': { type: 'module', imports: { '#ui/*': './ui/*.ts' } },
      'tsconfig.json': { compilerOptions: { jsx: 'react-jsx', jsxImportSource: '#ui' } },
      'ui/jsx-runtime.ts': JSX_RUNTIME,
      'agent.tsx': telling('<p>hello</p>'),
    },
  },
  ...compiledByPackage('module'),
  ...compiledByPackage('commonjs'),
  ...linkedBy('npm'),
  ...linkedBy('pnpm'),
  ...linkedBy('yarn'),
  'a monorepo in CommonJS with a tsconfig for each package': {
    graphs: { one: './apps/one/agent.ts:graph', two: './apps/two/agent.ts:graph' },
    packages: { one: 'apps/one', two: 'apps/two' },
    files: {
      'package.json': {},
      'tsconfig.json': alias('./nowhere/*'),
      'apps/one/tsconfig.json': alias('./a/*'),
      'apps/two/tsconfig.json': { extends: '../one/tsconfig.json', ...alias('./b/*') },
      'apps/one/agent.ts': telling('name', `import { name } from '@/name';`),
      'apps/one/a/name.ts': `export const name = 'one';`,
      'apps/two/agent.ts': telling('name', `import { name } from '@/name';`),
      'apps/two/b/name.ts': `export const name = 'two';`,
    },
  },
};
