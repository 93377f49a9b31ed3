import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  KUBERNETES,
  render,
  renderComponent,
  renderObstacle,
  schemaObstacle,
  strimziObstacle,
  workloadsOf,
} from '@runlane/kubernetes';
import type { Manifest, Workload } from '@runlane/kubernetes';
import { unlessMissing } from '../part.ts';
import type { Part, Proof } from '../part.ts';
import { startControlPlane } from './control-plane.ts';
import { applyDefinitions } from './definitions.ts';
import type { Kubectl } from './kubectl.ts';

/** A real API server takes what kustomize makes of infra/kubernetes, with the definitions of the operators. */
export const clusterPart: Part = {
  name: 'cluster',
  what: 'an API server takes every overlay and every component, under pod security `restricted`',
  limitMs: 45 * 60_000,
  prove,
};

async function prove(proof: Proof): Promise<void> {
  unlessMissing(renderObstacle() ?? schemaObstacle() ?? strimziObstacle());
  const { kubectl } = await startControlPlane(proof);
  const { serverVersion } = JSON.parse(await kubectl.well('version', '--output=json')) as {
    serverVersion: { gitVersion: string };
  };
  const definitionCount = await applyDefinitions(kubectl);
  proof.proved(`Kubernetes ${serverVersion.gitVersion} takes ${definitionCount} definitions of operators`);
  const folders = (name: string) => readdirSync(join(KUBERNETES, name));
  for (const overlay of folders('overlays')) {
    await proveObjects(proof, kubectl, `overlay ${overlay}`, await render(join(KUBERNETES, 'overlays', overlay)));
  }
  for (const component of folders('components')) {
    const manifests = await renderComponent(component, `component-${component}`);
    await proveObjects(proof, kubectl, `component ${component}`, manifests);
  }
}

async function proveObjects(proof: Proof, kubectl: Kubectl, what: string, manifests: Manifest[]): Promise<void> {
  const isNamespace = ({ kind }: Manifest) => kind === 'Namespace';
  await accepted(kubectl, what, manifests.filter(isNamespace));
  await accepted(
    kubectl,
    what,
    manifests.filter((manifest) => !isNamespace(manifest)),
  );
  const pods = workloadsOf(manifests);
  const namespace = manifests.find(isNamespace)?.metadata.name ?? '';
  for (const workload of pods) await provePod(kubectl, what, podOf(workload, namespace));
  proof.proved(`${what}: ${manifests.length} objects and their ${pods.length} pods are taken without a warning`);
}

async function accepted(kubectl: Kubectl, what: string, manifests: Manifest[], ...further: string[]): Promise<void> {
  const { isAccepted, output, warnings } = await kubectl.apply(manifests, ...further);
  if (!isAccepted) throw new Error(`${what} is refused:\n${output}`);
  if (warnings.length > 0) throw new Error(`${what} is taken with warnings:\n${warnings.join('\n')}`);
}

/** No controller makes pods of Deployments here, so the pods are offered one by one; and once a forbidden one. */
async function provePod(kubectl: Kubectl, what: string, pod: Manifest): Promise<void> {
  await accepted(kubectl, `${what}: the pod of ${pod.metadata.name}`, [pod], '--dry-run=server');
  const { containers } = pod.spec as { containers: Record<string, unknown>[] };
  const privileged = containers.map((container) => ({ ...container, securityContext: {} }));
  const loose = { ...pod, spec: { ...pod.spec, containers: privileged } };
  const { isAccepted, output } = await kubectl.apply([loose], '--dry-run=server');
  if (isAccepted || !output.includes('violates PodSecurity "restricted')) {
    throw new Error(`${what}: a pod of ${pod.metadata.name} without a security context should be refused:\n${output}`);
  }
}

function podOf({ name, labels, pod }: Workload, namespace: string): Manifest {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: { ...pod } };
}
