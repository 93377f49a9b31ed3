import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environmentOf } from './manifest.ts';
import type { Manifest, Workload } from './manifest.ts';

/** Values of secrets that the services read at their start, by the file's name; others may be anything. */
const SECRETS: Record<string, string> = {
  uri: 'postgresql://runlane:password@runlane-postgres-rw.runlane:5432/runlane',
  'master-key': 'a key of tests with more than 32 characters',
  'ca.crt': '-----BEGIN CERTIFICATE-----',
};

/**
 * Calls `use` with the variables of a workload as its process would see them, where a temporary folder has what the pod
 * mounts: the secrets with the keys that the volume names.
 */
export async function withPodEnvironment<T>(
  workload: Workload,
  manifests: readonly Manifest[],
  use: (environment: Record<string, string>) => T,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'runlane-pod-'));
  try {
    for (const { name, mountPath } of workload.container.volumeMounts) {
      const volume = workload.pod.volumes.find((candidate) => candidate.name === name);
      if (volume === undefined) throw new Error(`${workload.name} mounts ${name}, which is none of its volumes`);
      for (const { key, path } of volume.secret?.items ?? []) {
        const file = join(root, mountPath, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, SECRETS[key] ?? 'a secret');
      }
    }
    const environment = Object.entries(environmentOf(workload, manifests)).map(([name, value]) => [
      name,
      value.startsWith('/etc/runlane/') ? join(root, value) : value,
    ]);
    return use(Object.fromEntries(environment) as Record<string, string>);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
