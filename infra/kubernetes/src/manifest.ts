/** The parts of Kubernetes objects that the tests read. The schemas check whether an object has this shape. */

export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
};

export type Container = {
  name: string;
  image: string;
  args: string[];
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: { configMapRef: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  volumeMounts: { name: string; mountPath: string }[];
  securityContext: Record<string, unknown>;
};

export type Volume = {
  name: string;
  emptyDir?: { medium?: string };
  secret?: { secretName: string; items?: { key: string; path: string }[] };
};

export type PodSpec = {
  automountServiceAccountToken?: boolean;
  serviceAccountName: string;
  terminationGracePeriodSeconds?: number;
  enableServiceLinks?: boolean;
  containers: Container[];
  volumes: Volume[];
  securityContext: Record<string, unknown>;
  topologySpreadConstraints?: { labelSelector: Selector }[];
};

export type Selector = { matchLabels: Record<string, string> };

/** What runs pods, and the pod that it makes. */
export type Workload = {
  kind: 'Deployment' | 'Job';
  name: string;
  /** Null where an autoscaler decides. */
  replicas: number | null;
  selector: Selector | null;
  labels: Record<string, string>;
  pod: PodSpec;
  container: Container;
};

type WorkloadSpec = {
  replicas?: number;
  selector?: Selector;
  template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
};

export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    if (kind !== 'Deployment' && kind !== 'Job') return [];
    const { replicas, selector, template } = spec as WorkloadSpec;
    const [container] = template.spec.containers;
    if (container === undefined) throw new Error(`${kind} ${metadata.name} has no container`);
    return {
      kind,
      name: metadata.name,
      replicas: replicas ?? null,
      selector: selector ?? null,
      labels: template.metadata.labels,
      pod: template.spec,
      container,
    };
  });
}

/** Variables of a workload by name: those of its ConfigMaps and its own. A value that only a cluster knows is `from the cluster`. */
export function environmentOf(workload: Workload, manifests: readonly Manifest[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { configMapRef } of workload.container.envFrom ?? []) {
    const found = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name);
    if (found === undefined)
      throw new Error(`${workload.name} wants the ConfigMap ${configMapRef.name}, which is not there`);
    Object.assign(environment, found.data);
  }
  for (const { name, value } of workload.container.env ?? []) environment[name] = value ?? 'from the cluster';
  return environment;
}

/** Bytes of a quantity such as 512Mi. */
export function bytesOf(quantity: string | undefined): number {
  const [, digits, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity ?? '') ?? [];
  const exponent = { Ki: 1, Mi: 2, Gi: 3 }[unit ?? ''];
  if (exponent === undefined) throw new Error(`${quantity} is no whole quantity of Ki, Mi or Gi`);
  return Number(digits) * 1024 ** exponent;
}
