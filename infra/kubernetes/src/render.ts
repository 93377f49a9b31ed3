import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import type { Manifest } from './manifest.ts';

/** The folder of base, components and overlays. */
export const KUBERNETES = join(import.meta.dirname, '..');

const OLDEST_KUSTOMIZE = 5;

/** Why nothing can be rendered on this machine: one sentence, or null where it can. */
export function renderObstacle(): string | null {
  let version: string;
  try {
    const answer = execFileSync('kubectl', ['version', '--client', '--output=json'], { stdio: 'pipe' }).toString();
    version = (JSON.parse(answer) as { kustomizeVersion?: string }).kustomizeVersion ?? 'none';
  } catch {
    return 'kubectl is not on this machine; install one of 1.27 or newer to render infra/kubernetes.';
  }
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
  if (major >= OLDEST_KUSTOMIZE) return null;
  return `kubectl has kustomize ${version}, and infra/kubernetes needs 5 or newer: install kubectl 1.27 or newer.`;
}

/** The objects of a folder with a kustomization, as kustomize writes them. Thrown: what kustomize says. */
export async function render(folder: string): Promise<Manifest[]> {
  const { stdout } = await promisify(execFile)('kubectl', ['kustomize', folder], { maxBuffer: 64 * 1024 * 1024 });
  return parseManifests(stdout);
}

/** The objects of the base with one component, which cannot stand alone, in a namespace. */
export async function renderComponent(name: string, namespace = 'runlane'): Promise<Manifest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'runlane-component-'));
  const from = (path: string) => relative(folder, join(KUBERNETES, path));
  try {
    await writeFile(
      join(folder, 'kustomization.yaml'),
      stringify({
        apiVersion: 'kustomize.config.k8s.io/v1beta1',
        kind: 'Kustomization',
        namespace,
        resources: [from('base')],
        components: [from(`components/${name}`)],
      }),
    );
    return await render(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every document of a YAML text. Thrown: Error where it is no YAML, or says a key twice. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

/** The one object of a file in this folder. Thrown: as `parseManifests`; Error for any other number of objects. */
export function readManifest(path: string): Manifest {
  const [manifest, ...others] = parseManifests(readFileSync(join(KUBERNETES, path), 'utf8'));
  if (manifest === undefined || others.length > 0) throw new Error(`${path} should hold one object`);
  return manifest;
}
