import { join } from 'node:path';
import { KUBERNETES, render } from '@runlane/kubernetes';
import type { Manifest } from '@runlane/kubernetes';
import { LOGIN } from './servers.ts';
import type { Servers } from './servers.ts';

/** The parts that are scaled. */
export const SCALED = ['admission', 'executor'] as const;
export type Scaled = (typeof SCALED)[number];

const KINDS = new Set([
  'Namespace',
  'ServiceAccount',
  'ConfigMap',
  'Deployment',
  'ScaledObject',
  'TriggerAuthentication',
]);

/**
 * Of the production overlay what KEDA reads, and what it scales. As it is, but for the addresses of the servers; Postgres has
 * no TLS here; and going down waits for nothing.
 */
export async function scaledObjects(servers: Servers): Promise<Manifest[]> {
  const manifests = await render(join(KUBERNETES, 'overlays', 'production'));
  const namespace = manifests.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? '';
  const kept = manifests.filter(({ kind, metadata }) => {
    if (!KINDS.has(kind)) return false;
    return kind !== 'Deployment' || SCALED.some((name) => name === metadata.name);
  });
  return [...kept.map((manifest) => addressed(manifest, servers)), ...secretsFor(namespace, servers)];
}

function addressed(manifest: Manifest, { broker, database }: Servers): Manifest {
  if (manifest.kind === 'ConfigMap') {
    const { data = {} } = manifest;
    if ('KAFKA_BROKERS' in data) return { ...manifest, data: { ...data, KAFKA_BROKERS: broker } };
    if ('postgres-host' in data) return { ...manifest, data: { ...data, 'postgres-host': database.hostname } };
  }
  if (manifest.kind !== 'ScaledObject') return manifest;
  const spec = manifest.spec as { triggers: { type: string; metadata: Record<string, string> }[] };
  const triggers = spec.triggers.map((trigger) => {
    if (trigger.type !== 'postgresql') return trigger;
    const dbName = database.pathname.slice(1);
    return { ...trigger, metadata: { ...trigger.metadata, port: database.port, dbName, sslmode: 'disable' } };
  });
  const scaleDown = { stabilizationWindowSeconds: 0, policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };
  const advanced = { horizontalPodAutoscalerConfig: { behavior: { scaleDown } } };
  return { ...manifest, spec: { ...spec, triggers, advanced } };
}

function secretsFor(namespace: string, { authority }: Servers): Manifest[] {
  const secret = (name: string, entries: Record<string, string>): Manifest => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  });
  return [
    secret('runlane-autoscaler', { password: LOGIN.password }),
    secret('runlane-cluster-ca-cert', { 'ca.crt': authority }),
    secret('runlane-autoscaler-postgres', { username: 'runlane_autoscaler', password: LOGIN.password }),
  ];
}
