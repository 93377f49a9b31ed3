import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** The commit or tag that upgrades begin from, in the one place that names it. */
const LAST_RELEASE = readFileSync(new URL('../../last-release', import.meta.url), 'utf8').trim();
const PARTS = ['packages', 'services'];

/** Why the last release is not available here: one sentence, or null when it is. */
export function lastReleaseObstacle(): string | null {
  try {
    execFileSync('git', ['-C', ROOT, 'cat-file', '-e', `${LAST_RELEASE}^{commit}`], { stdio: 'ignore' });
    return null;
  } catch {
    return `git does not have ${LAST_RELEASE}, the last release; fetch the whole history to test the upgrade from it.`;
  }
}

/**
 * The services as the last release has them, out of git, with the dependencies that are installed now.
 *
 * Thrown: what git or tar says.
 */
export class LastRelease implements Disposable {
  readonly #folder = mkdtempSync(join(realpathSync(tmpdir()), 'runlane-release-'));

  constructor() {
    const archive = execFileSync('git', ['-C', ROOT, 'archive', LAST_RELEASE, 'package.json', ...PARTS], {
      maxBuffer: 256 * 1024 * 1024,
    });
    execFileSync('tar', ['-x', '-C', this.#folder], { input: archive });
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'));
    // Relative links: those to packages of the workspace lead to the packages of that release, all others to what is installed.
    for (const path of PARTS.flatMap((part) => readdirSync(join(this.#folder, part)).map((name) => join(part, name)))) {
      const installed = join(ROOT, path, 'node_modules');
      if (!existsSync(installed)) continue;
      cpSync(installed, join(this.#folder, path, 'node_modules'), { recursive: true, verbatimSymlinks: true });
    }
  }

  get runConsumer(): URL {
    return this.#file('services/run-consumer/src/main.ts');
  }

  get webhookDispatcher(): URL {
    return this.#file('services/webhook-dispatcher/src/main.ts');
  }

  get commandLine(): URL {
    return this.#file('packages/cli/src/main.ts');
  }

  /** Names of the migrations of run-consumer that the release knows, without their ending. */
  get migrations(): string[] {
    return readdirSync(this.#file('services/run-consumer/migrations')).map((file) => file.replace(/\.sql$/, ''));
  }

  #file(path: string): URL {
    return pathToFileURL(join(this.#folder, path));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
