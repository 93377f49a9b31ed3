import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, runTool } from '@runlane/local';

/** The modules of Go whose `go.mod` and `go.sum` pin what is built. */
const GO = join(import.meta.dirname, '..', 'go');

export type GoProgram = {
  /** A folder of `root`. */
  module: string;
  /** The folder of the modules. Default: `test/deploy/go`. */
  root?: string;
  /** What `go build -tags` takes. Default: none. */
  tags?: string;
  /** Files of the module that the program is made of, besides what its `go.mod` pins. Default: none. */
  sources?: readonly string[];
  /** What `go build` takes, such as `k8s.io/kubernetes/cmd/kube-apiserver`. */
  package: string;
};

/** The version of a module that a `go.mod` of ours requires. Thrown: Error when it requires none. */
export function pinnedVersion(module: string, required: string): string {
  const text = readFileSync(join(GO, module, 'go.mod'), 'utf8');
  const version = new RegExp(`^(?:require|\t)\\s*${required} (v[^\\s]+)`, 'm').exec(text)?.[1];
  if (version === undefined) throw new Error(`go/${module}/go.mod requires no ${required}`);
  return version;
}

/**
 * The path of a program, which is built once, into the user's cache (`RUNLANE_CACHE_DIR`, else
 * `$XDG_CACHE_HOME/runlane`, else `~/.cache/runlane`). Thrown: what go says.
 */
export async function goProgram(
  program: GoProgram,
  { signal, tell }: { signal: AbortSignal; tell: (text: string) => void },
): Promise<string> {
  const source = join(program.root ?? GO, program.module);
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', ...(program.sources ?? [])]) hash.update(readFileSync(join(source, file)));
  const version = hash.digest('hex').slice(0, 12);
  const folder = join(cacheDirectory(process.env), `prove-${program.module}-${version}`);
  const name = program.package.split('/').at(-1) ?? '';
  const path = join(folder, name);
  if (existsSync(path)) return path;
  tell(`building ${name} once, which takes minutes`);
  await mkdir(folder, { recursive: true });
  const partial = await mkdtemp(join(folder, 'partial-'));
  try {
    await runTool(
      'go',
      ['build', ...FLAGS, `-tags=${program.tags ?? ''}`, ldflags(program), '-o', join(partial, name), program.package],
      {
        cwd: source,
        env: { ...process.env, CGO_ENABLED: '0' },
        signal,
      },
    );
    // It appears complete or not at all; a second builder replaces it with the same.
    await rename(join(partial, name), path);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return path;
}

const KUBERNETES = 'control-plane';

const FLAGS = ['-mod=readonly', '-trimpath', '-buildvcs=false'];

/** Kubernetes must know its version, by which it decides which features are on. */
function ldflags({ module }: GoProgram): string {
  if (module !== KUBERNETES) return '-ldflags=-s -w';
  const version = pinnedVersion(module, 'k8s.io/kubernetes');
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const set = Object.entries({ gitVersion: version, gitMajor: major, gitMinor: minor });
  return `-ldflags=-s -w ${set.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`).join(' ')}`;
}
