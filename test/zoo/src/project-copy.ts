/** The cases as a project of its own, outside of the workspace, with another LangGraph than the zoo's. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CASES } from './cases.ts';
import type { ZooCase } from './cases.ts';

const INSTALLED = fileURLToPath(new URL('../node_modules/', import.meta.url));

export class ProjectCopy implements Disposable {
  readonly #directory = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-zoo-project-')));

  /** @param langgraph the name under which the zoo has that LangGraph */
  constructor(langgraph: string) {
    cpSync(CASES, join(this.#directory, 'cases'), { recursive: true });
    writeFileSync(join(this.#directory, 'package.json'), '{ "type": "module" }');
    this.#install('@langchain/langgraph', langgraph);
    for (const name of ['@langchain/core', 'zod']) this.#install(name, name);
  }

  /** The same case here. */
  take({ name, requests }: ZooCase): ZooCase {
    return { name, requests, file: join(this.#directory, 'cases', name, 'graph.ts') };
  }

  #install(name: string, from: string): void {
    const target = join(this.#directory, 'node_modules', name);
    mkdirSync(join(target, '..'), { recursive: true });
    symlinkSync(realpathSync(join(INSTALLED, from)), target);
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
