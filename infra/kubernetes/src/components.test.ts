/**
 * Components repeat settings of files that they cannot read, and name other objects. Decides: both agree, and the
 * objects exist.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PARTITION_COUNT, groupNames, topicDefinitions, topicNames } from '@runlane/contracts';
import { runlaneVariables } from '@runlane/service-kit';
import { DENIED_IPV4, DENIED_IPV6 } from '@runlane/webhooks';
import { environmentOf, workloadsOf } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { KUBERNETES, parseManifests, readManifest, render, renderObstacle } from './render.ts';

const obstacle = renderObstacle();
/** Connections of a process besides its pool, at most; and of each thread of one that executes. */
const [DEDICATED_CONNECTIONS, THREAD_CONNECTIONS] = [4, 4];
/** Those that Postgres keeps for superusers, and the operator's own. */
const RESERVED_CONNECTIONS = 20;

const filesOf = (folder: string): string[] =>
  readdirSync(join(KUBERNETES, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => join(KUBERNETES, folder, file));
const specOf = <T>(manifest: Manifest | undefined) => manifest?.spec as T;

test('every file holds one object', () => {
  const files = ['base', 'components', 'overlays'].flatMap(filesOf);
  const several = files.filter((file) => parseManifests(readFileSync(file, 'utf8')).length !== 1);
  expect(several).toEqual([]);
  expect(files.length).toBeGreaterThan(50);
});

test('every variable that a file names exists in Runlane', () => {
  const texts = ['base', 'components', 'overlays']
    .flatMap((folder) =>
      readdirSync(join(KUBERNETES, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => /\.(yaml|env|md)$/.test(file))
    .map((file) => readFileSync(join(KUBERNETES, file), 'utf8'));
  const pattern = /\b(?:RUNLANE|KAFKA|SCHEMA_REGISTRY|DATABASE|HTTP|LANGGRAPH)_[A-Z_]+\b/g;
  const names = new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([name]) => name)));
  const unknown = [...names].filter((name) => !Object.hasOwn(runlaneVariables.shape, name.replace(/_FILE$/, '')));
  expect(unknown).toEqual([]);
  expect(names.size).toBeGreaterThan(10);
});

test('topics have the settings that the contracts give them', () => {
  type Topic = { partitions: number; config: Record<string, unknown> };
  const topics = filesOf('components/strimzi/topics').flatMap((file) => parseManifests(readFileSync(file, 'utf8')));
  const definitions = topics.map((topic) => {
    const { partitions, config } = specOf<Topic>(topic);
    const settings = Object.entries(config).map(([name, value]) => [name, String(value)]);
    return { name: topic.metadata.name, partitions, config: Object.fromEntries(settings) as Record<string, string> };
  });
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(definitions.toSorted(byName)).toEqual(topicDefinitions('').toSorted(byName));
});

test('the topics and groups that users may use exist', () => {
  type User = { authorization?: { acls: { resource: { type: string; name: string }; operations: string[] }[] } };
  const users = filesOf('components/strimzi/users').flatMap((file) => parseManifests(readFileSync(file, 'utf8')));
  const acls = users.flatMap((user) => specOf<User>(user).authorization?.acls ?? []);
  const named = (type: string) =>
    acls.filter(({ resource }) => resource.type === type).map(({ resource }) => resource.name);
  expect(new Set(named('topic'))).toEqual(new Set(Object.values(topicNames(''))));
  expect(new Set(named('group'))).toEqual(new Set(Object.values(groupNames(''))));
});

test('webhooks reach no address that the dispatcher refuses', () => {
  type Policy = { egress: { to: { ipBlock: { cidr: string; except: string[] } }[] }[] };
  const isGlobal = (cidr: string) => /^[23][0-9a-f]{3}:/.test(cidr);
  const denied = [DENIED_IPV4, DENIED_IPV6.filter(({ cidr }) => isGlobal(cidr))];
  for (const name of ['dispatcher', 'executor']) {
    const policy = readManifest(`components/network-policies/${name}.yaml`);
    const blocks = specOf<Policy>(policy).egress.flatMap(({ to }) => to.map(({ ipBlock }) => ipBlock));
    expect(blocks.map(({ cidr }) => cidr)).toEqual(['0.0.0.0/0', '2000::/3']);
    expect(blocks.map(({ except }) => except)).toEqual(denied.map((table) => table.map(({ cidr }) => cidr)));
  }
});

test('every network policy selects pods that exist', async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  type Policy = { podSelector: { matchLabels: Record<string, string> } };
  const manifests = await render(join(KUBERNETES, 'overlays', 'production'));
  const pods = workloadsOf(manifests).map(({ labels }) => labels);
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy' || kind === 'PodMonitor');
  expect(policies).toHaveLength(9);
  for (const policy of policies) {
    const { podSelector, selector } = specOf<Policy & { selector?: Policy['podSelector'] }>(policy);
    const wanted = Object.entries((selector ?? podSelector).matchLabels);
    const found = pods.filter((labels) => wanted.every(([name, value]) => labels[name] === value));
    expect([policy.metadata.name, found.length > 0]).toEqual([policy.metadata.name, true]);
  }
});

test('autoscalers ask for metrics that exist, and keep their bounds', () => {
  type Scaled = { maxReplicaCount: number; triggers: { metadata: Record<string, string> }[] };
  const admission = specOf<Scaled>(readManifest('components/keda/admission.yaml'));
  expect(PARTITION_COUNT % admission.maxReplicaCount).toBe(0);
  expect(admission.triggers[0]?.metadata).toMatchObject({
    consumerGroup: groupNames('').runConsumer,
    topic: topicNames('').requests,
  });
  const executor = specOf<Scaled>(readManifest('components/keda/executor.yaml'));
  const concurrent = runlaneVariables.shape.RUNLANE_MAX_CONCURRENT_RUNS.parse(undefined);
  expect(Number(executor.triggers[0]?.metadata['targetQueryValue'])).toBeLessThan(concurrent);
});

test.for(readdirSync(join(KUBERNETES, 'overlays')))(
  'in %s all pods together fit into Postgres',
  async (overlay, context) => {
    if (obstacle !== null) context.skip(obstacle);
    const manifests = await render(join(KUBERNETES, 'overlays', overlay));
    const postgres = manifests.find(
      ({ kind, apiVersion }) => kind === 'Cluster' && apiVersion.startsWith('postgresql.cnpg.io/'),
    );
    const { postgresql } = specOf<{ postgresql: { parameters: { max_connections: string } } }>(postgres);
    const connections = workloadsOf(manifests)
      .filter(({ kind }) => kind === 'Deployment')
      .map((workload) => {
        const scaled = manifests.find(
          ({ kind, metadata }) => kind === 'ScaledObject' && metadata.name === workload.name,
        );
        const pods = workload.replicas ?? specOf<{ maxReplicaCount: number }>(scaled).maxReplicaCount;
        const environment = environmentOf(workload, manifests);
        const { shape } = runlaneVariables;
        const pool = shape.RUNLANE_DATABASE_POOL_SIZE.parse(environment['RUNLANE_DATABASE_POOL_SIZE']);
        const executes = environment['RUNLANE_ROLES']?.includes('execution') === true;
        const threads = executes ? shape.RUNLANE_WORKER_THREADS.parse(environment['RUNLANE_WORKER_THREADS']) : 0;
        // One pod more while a new version is rolled out.
        return (pods + 1) * (pool + DEDICATED_CONNECTIONS + threads * THREAD_CONNECTIONS);
      });
    const sum = connections.reduce((total, count) => total + count, RESERVED_CONNECTIONS);
    expect(sum).toBeLessThanOrEqual(Number(postgresql.parameters.max_connections));
  },
);

test.for(readdirSync(join(KUBERNETES, 'overlays')))(
  'in %s pods mount the secrets that are made for them',
  async (overlay, context) => {
    if (obstacle !== null) context.skip(obstacle);
    const manifests = await render(join(KUBERNETES, 'overlays', overlay));
    for (const workload of workloadsOf(manifests).filter(({ kind }) => kind === 'Deployment')) {
      const secrets = workload.pod.volumes.flatMap(({ name, secret }) =>
        secret === undefined ? [] : [[name, secret.secretName]],
      );
      expect(Object.fromEntries(secrets)).toEqual({
        database: workload.name === 'console' ? 'runlane-console-database' : 'runlane-postgres-app',
        'postgres-ca': 'runlane-postgres-ca',
        'kafka-user': `runlane-${workload.name}`,
        'kafka-ca': 'runlane-cluster-ca-cert',
        ...(workload.name === 'dispatcher' && { webhooks: 'runlane-webhooks' }),
      });
      const user = environmentOf(workload, manifests)['KAFKA_SASL_USERNAME'];
      expect(manifests.find(({ kind, metadata }) => kind === 'KafkaUser' && metadata.name === user)).toBeDefined();
    }
    const { SCHEMA_REGISTRY_URL } =
      manifests.find(({ kind, data }) => kind === 'ConfigMap' && data?.['HTTP_PORT'])?.data ?? {};
    const jobs = workloadsOf(manifests).filter(({ kind }) => kind === 'Job');
    expect(jobs.map(({ name }) => name)).toEqual(SCHEMA_REGISTRY_URL === undefined ? [] : ['schemas']);
  },
);

test.for([
  { overlay: 'development', yours: ['runlane-webhooks'] },
  { overlay: 'staging', yours: [] },
  { overlay: 'production', yours: [] },
])('in $overlay somebody makes each secret that is named', async ({ overlay, yours }, context) => {
  if (obstacle !== null) context.skip(obstacle);
  type Named = { name: string };
  const manifests = await render(join(KUBERNETES, 'overlays', overlay));
  const specsOf = <T>(kind: string) => manifests.filter((manifest) => manifest.kind === kind).map(specOf<T>);
  const namesOf = (kind: string) =>
    manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);
  const pods = workloadsOf(manifests).flatMap(({ pod }) => pod.volumes.map(({ secret }) => secret?.secretName));
  const triggers = specsOf<{ secretTargetRef: Named[] }>('TriggerAuthentication');
  const clusters = specsOf<{ managed?: { roles: { passwordSecret: Named }[] } }>('Cluster');
  const named = [
    ...pods,
    ...triggers.flatMap(({ secretTargetRef }) => secretTargetRef.map(({ name }) => name)),
    ...clusters.flatMap(({ managed }) => managed?.roles.map(({ passwordSecret }) => passwordSecret.name) ?? []),
  ];
  const made = new Set<string | undefined>([
    undefined,
    ...namesOf('KafkaUser'),
    ...namesOf('Kafka').map((name) => `${name}-cluster-ca-cert`),
    ...namesOf('Cluster').flatMap((name) => [`${name}-app`, `${name}-ca`]),
    ...specsOf<{ target: Named }>('ExternalSecret').map(({ target }) => target.name),
  ]);
  expect([...new Set(named)].filter((name) => !made.has(name))).toEqual(yours);
  const unused = specsOf<{ target: Named }>('ExternalSecret').filter(({ target }) => !named.includes(target.name));
  expect(unused).toEqual([]);
});
