import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';

/** The root of the checkout. */
export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A document of the project by its path from the root. */
export function documentText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The fenced snippets of a language in a text, in their order. */
export function snippetsOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, snippet]) => snippet ?? '',
  );
}

/** A snippet that opens the client, with the topics of the prefix. */
export function withPrefix(snippet: string, prefix: string): string {
  return snippet.replace('brokers:', `topicPrefix: '${prefix}', brokers:`);
}

/** A folder in which TypeScript programs of documents find their packages. Removed by `Symbol.dispose`. */
export class ProgramFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'runlane-programs-'));

  constructor() {
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(this.path, 'node_modules'));
  }

  /** @returns the path of the program */
  write(text: string): string {
    const file = join(this.path, `${randomUUID()}.mts`);
    writeFileSync(file, text);
    return file;
  }

  /** Runs a program on the servers of the tests. @returns what it prints; thrown when it ends with another code than 0 */
  async execute(text: string, environment: Record<string, string> = {}): Promise<string> {
    const env = { ...programEnvironment(), ...environment };
    return (await promisify(execFile)(process.execPath, [this.write(text)], { env })).stdout;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

/** What programs of documents read from their environment. */
export function programEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, KAFKA_BROKERS: inject('kafkaBrokers').join(','), KAFKAJS_NO_PARTITIONER_WARNING: '1' };
}
