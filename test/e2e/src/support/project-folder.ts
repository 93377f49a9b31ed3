import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './package-managers.ts';
import type { PackageManager } from './package-managers.ts';

const NODE_MODULES = fileURLToPath(new URL('../../../graphs/node_modules', import.meta.url));

/** Folders of projects outside of this repository. */
export class ProjectFolders implements Disposable {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-projects-')));

  /**
   * Writes a project, and gives its folder. LangGraph is installed in it.
   *
   * @param files contents by path; what is no text is written as JSON
   */
  create(files: Record<string, string | object>): string {
    const directory = this.#write(files);
    symlinkSync(NODE_MODULES, join(directory, 'node_modules'));
    return directory;
  }

  /** The same, with the packages of its workspace linked by a package manager. */
  async createWith(manager: PackageManager, files: Record<string, string | object>): Promise<string> {
    const directory = this.#write(files);
    await install(manager, directory);
    cpSync(NODE_MODULES, join(directory, 'node_modules'), { recursive: true });
    return directory;
  }

  /** The folder that all of them are in, as a project. LangGraph is installed in it. */
  parent(): string {
    symlinkSync(NODE_MODULES, join(this.#root, 'node_modules'));
    return this.#root;
  }

  #write(files: Record<string, string | object>): string {
    const directory = join(this.#root, randomUUID());
    for (const [name, content] of Object.entries(files)) {
      const file = join(directory, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
    return directory;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true });
  }
}

/** A graph with one node, which tells the value of an expression as `out`. */
export function telling(expression: string, before = '', how = 'export const graph ='): string {
  return `
import { Annotation, StateGraph } from '@langchain/langgraph';
${before}
${how} new StateGraph(Annotation.Root({ out: Annotation<any> }))
  .addNode('a', () => ({ out: ${expression} })).addEdge('__start__', 'a').compile();`;
}
