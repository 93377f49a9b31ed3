import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GraphSource } from './langgraph-json.ts';

const TEST_GRAPHS = fileURLToPath(new URL('../../../../../../test/graphs/src/', import.meta.url));

type Manifest = {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

/** A project outside of this repository, with test graphs and its own copies of LangGraph and all that it needs. */
export class ProjectWithOwnCopy implements Disposable {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-project-')));
  /** Versions at the top, by name. */
  readonly #installed = new Map<string, string>();

  /** @param langgraph the name under which a LangGraph is installed here */
  constructor(langgraph: string) {
    writeFileSync(join(this.directory, 'package.json'), '{ "type": "module" }');
    mkdirSync(join(this.directory, 'src'));
    const installed = packageSeenFrom(dirname(fileURLToPath(import.meta.url)), langgraph);
    if (installed === null) throw new Error(`${langgraph} is not installed.`);
    this.#install(installed);
  }

  /** Copies a test graph into the project, and returns its path. */
  graph(name: string, exportName = 'graph'): GraphSource {
    for (const file of [`${name}.ts`, 'side-effects.ts']) {
      cpSync(join(TEST_GRAPHS, file), join(this.directory, 'src', file));
    }
    return { graphId: `${name}:${exportName}`, file: join(this.directory, 'src', `${name}.ts`), exportName };
  }

  /** @param dependent where the package that needs this one was put; a second version goes below it */
  #install(directory: string, dependent = this.directory): void {
    const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
    const { name, version } = manifest;
    const there = this.#installed.get(name);
    if (there === version) return;
    if (there === undefined) this.#installed.set(name, version);
    const target = join(there === undefined ? this.directory : dependent, 'node_modules', name);
    cpSync(directory, target, {
      recursive: true,
      filter: (path) => path === directory || basename(path) !== 'node_modules',
    });
    for (const needed of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      const found = packageSeenFrom(directory, needed);
      if (found !== null) this.#install(found, target);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The real directory of a package, by Node's rules; null for an optional package that is not installed. */
function packageSeenFrom(from: string, name: string): string | null {
  for (let directory = from; ; directory = dirname(directory)) {
    const found = join(directory, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return realpathSync(found);
    if (dirname(directory) === directory) return null;
  }
}
