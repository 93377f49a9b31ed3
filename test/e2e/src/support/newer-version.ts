import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SERVICES = fileURLToPath(new URL('../../../../services/', import.meta.url));

/** A service like its next release: the same program with further migrations. */
export class NewerVersion implements Disposable {
  readonly #folder = mkdtempSync(join(realpathSync(tmpdir()), 'runlane-newer-'));

  constructor(service: 'run-consumer' | 'webhook-dispatcher') {
    for (const part of ['src', 'migrations', 'package.json']) {
      cpSync(join(SERVICES, service, part), join(this.#folder, part), { recursive: true });
    }
    symlinkSync(join(SERVICES, service, 'node_modules'), join(this.#folder, 'node_modules'));
  }

  get entry(): URL {
    return pathToFileURL(join(this.#folder, 'src/main.ts'));
  }

  get migrations(): URL {
    return pathToFileURL(`${this.#folder}/migrations/`);
  }

  /** @param name such as `9000_add_mark` */
  addMigration(name: string, text: string): void {
    writeFileSync(join(this.#folder, 'migrations', `${name}.sql`), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
