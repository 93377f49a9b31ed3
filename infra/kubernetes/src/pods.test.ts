/**
 * What the schemas of Kubernetes cannot check: Runlane accepts the variables of the pods, and their numbers fit
 * together.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readConfig as readConsole } from '@runlane/console/config';
import { readConfig as readRunConsumer } from '@runlane/run-consumer/config';
import { kafkaSecurityProblems, loadConfig, runlaneVariables, unknownRunlaneVariables } from '@runlane/service-kit';
import { readConfig as readDispatcher } from '@runlane/webhook-dispatcher/config';
import { bytesOf, environmentOf, workloadsOf } from './manifest.ts';
import type { Manifest, Selector, Workload } from './manifest.ts';
import { withPodEnvironment } from './pods.ts';
import { KUBERNETES, render, renderObstacle } from './render.ts';

const MIB = 1024 * 1024;

/** What one allocation of a graph may take for a moment. */
const ALLOCATION_ROOM_MB = 1_280;
/** Seconds that a service needs besides its grace, to let go of everything and to be told. */
const LETTING_GO_SECONDS = 15;

const obstacle = renderObstacle();
const overlays = readdirSync(join(KUBERNETES, 'overlays'));

const jobVariables = runlaneVariables.omit({
  DATABASE_URL: true,
  LANGGRAPH_CONFIG: true,
  RUNLANE_WEBHOOK_MASTER_KEY: true,
});

function readConfigOf(workload: Workload, environment: Record<string, string>) {
  const [program] = workload.container.args;
  if (program === 'services/run-consumer/src/main.ts') return readRunConsumer(environment);
  if (program === 'services/webhook-dispatcher/src/main.ts') return readDispatcher(environment);
  if (program === 'services/console/src/main.ts') return readConsole(environment);
  if (program === 'packages/cli/src/main.ts') return loadConfig(jobVariables, environment, kafkaSecurityProblems);
  throw new Error(`${workload.name} starts ${program}, which the image does not have`);
}

/** Variables that are read by Node and by the client of Postgres. */
const FOREIGN = new Set(['NODE_EXTRA_CA_CERTS', 'PGSSLMODE']);

const SECRETS_AS_VALUES = new Set([
  'DATABASE_URL',
  'RUNLANE_WEBHOOK_MASTER_KEY',
  'KAFKA_SASL_PASSWORD',
  'SCHEMA_REGISTRY_PASSWORD',
]);

function problemOf(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    return String(error);
  }
}

const selects = ({ matchLabels }: Selector, labels: Record<string, string>) =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value);

describe.for(overlays)('in the overlay %s', (overlay) => {
  let manifests: Manifest[] = [];
  let workloads: Workload[] = [];
  const deployments = () => workloads.filter(({ kind }) => kind === 'Deployment');

  beforeAll(async () => {
    if (obstacle !== null) return;
    manifests = await render(join(KUBERNETES, 'overlays', overlay));
    workloads = workloadsOf(manifests);
  });

  test('all parts of Runlane are there, with every role once', (context) => {
    if (obstacle !== null) context.skip(obstacle);
    expect(
      deployments()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([
      'admission',
      ...(overlay === 'development' ? [] : ['console']),
      'dispatcher',
      'executor',
      'relay-and-sweeping',
    ]);
    const roles = deployments().flatMap(
      (workload) => environmentOf(workload, manifests)['RUNLANE_ROLES']?.split(',') ?? [],
    );
    expect(roles.toSorted()).toEqual(['admission', 'execution', 'relay', 'sweeping']);
  });

  test('the services accept their variables, and know all of them', async (context) => {
    if (obstacle !== null) context.skip(obstacle);
    for (const workload of workloads) {
      await withPodEnvironment(workload, manifests, (environment) => {
        const problem = problemOf(() => readConfigOf(workload, environment));
        const unknown = unknownRunlaneVariables(environment);
        const names = Object.keys(environment).map((name) => name.replace(/_FILE$/, ''));
        const foreign = names.filter((name) => !Object.hasOwn(runlaneVariables.shape, name) && !FOREIGN.has(name));
        expect([workload.name, problem, unknown, foreign]).toEqual([workload.name, null, [], []]);
        expect(environment['HTTP_PORT']).toBe('8080');
      });
    }
  });

  test('Kubernetes ends a pod later than the service ends itself', async (context) => {
    if (obstacle !== null) context.skip(obstacle);
    for (const workload of deployments()) {
      await withPodEnvironment(workload, manifests, (environment) => {
        const config = readConfigOf(workload, environment);
        expect(workload.pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
          config.RUNLANE_DRAIN_GRACE_SECONDS + LETTING_GO_SECONDS,
        );
      });
    }
  });

  test('the memory of a pod is enough for its worker threads', async (context) => {
    if (obstacle !== null) context.skip(obstacle);
    for (const workload of deployments()) {
      await withPodEnvironment(workload, manifests, (environment) => {
        const config = readConfigOf(workload, environment);
        const executes = 'RUNLANE_ROLES' in config && config.RUNLANE_ROLES.includes('execution');
        const threads = executes
          ? config.RUNLANE_WORKER_THREADS * config.RUNLANE_WORKER_MEMORY_MB + ALLOCATION_ROOM_MB
          : 0;
        const limit = bytesOf(workload.container.resources.limits['memory']);
        expect(limit).toBeGreaterThanOrEqual((512 + threads + 256) * MIB);
      });
    }
  });

  test('pods are restricted, have no token, and write only to memory', (context) => {
    if (obstacle !== null) context.skip(obstacle);
    for (const { pod, container } of workloads) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const writable = pod.volumes.filter(({ secret }) => secret === undefined);
      expect(writable).toEqual([{ name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } }]);
      const account = manifests.find(
        ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === pod.serviceAccountName,
      );
      expect(account).toMatchObject({ automountServiceAccountToken: false });
    }
  });

  test('no secret is written out as a value', (context) => {
    if (obstacle !== null) context.skip(obstacle);
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const workload of workloads) {
      const values = Object.keys(environmentOf(workload, manifests)).filter((name) => SECRETS_AS_VALUES.has(name));
      expect([workload.name, values]).toEqual([workload.name, []]);
    }
  });

  test('every selector selects the pods of its component', (context) => {
    if (obstacle !== null) context.skip(obstacle);
    for (const workload of deployments()) {
      const selected = (selector: Selector) =>
        workloads.filter(({ labels }) => selects(selector, labels)).map(({ name }) => name);
      const spread = workload.pod.topologySpreadConstraints ?? [];
      const budget = manifests.find(
        ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === workload.name,
      );
      const selectors = [
        workload.selector,
        budget?.spec?.['selector'] as Selector,
        ...spread.map(({ labelSelector }) => labelSelector),
      ];
      expect(selectors).toHaveLength(4);
      for (const selector of selectors) expect(selector && selected(selector)).toEqual([workload.name]);
    }
  });

  test('everything is in one restricted namespace, and all pods have the same image', (context) => {
    if (obstacle !== null) context.skip(obstacle);
    const [namespace, ...others] = manifests.filter(({ kind }) => kind === 'Namespace');
    expect(others).toEqual([]);
    expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const placed = manifests.filter((manifest) => manifest !== namespace).map(({ metadata }) => metadata.namespace);
    expect(new Set(placed)).toEqual(new Set([namespace?.metadata.name]));
    const images = new Set(workloads.map(({ container }) => container.image));
    expect([...images]).toEqual([expect.stringMatching(/.+:.+/)]);
  });
});
