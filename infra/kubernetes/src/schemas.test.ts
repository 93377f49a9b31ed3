/**
 * The API server and the operators would accept everything that kustomize builds from this folder, and typing errors
 * are found.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { KUBERNETES, parseManifests, render, renderComponent, renderObstacle } from './render.ts';
import type { Manifest } from './manifest.ts';
import { schemaObstacle } from './schema-sources.ts';
import { strimziObstacle } from './strimzi-definitions.ts';
import { Validator } from './validator.ts';

const obstacle = renderObstacle() ?? schemaObstacle();
const withoutStrimzi = obstacle ?? strimziObstacle();
let shared: Validator | undefined;
const validatorOf = (context: TestContext): Validator => {
  if (obstacle !== null) context.skip(obstacle);
  if (shared === undefined) throw new Error('the schemas were not fetched');
  return shared;
};

beforeAll(async () => {
  if (obstacle === null) shared = await Validator.create({ withStrimzi: withoutStrimzi === null });
});

const STRIMZI = 'kafka.strimzi.io/v1';

async function problemsOf(manifests: readonly Manifest[], validator: Validator): Promise<string[]> {
  const found = await Promise.all(
    manifests.map(async (manifest) => {
      if (manifest.apiVersion === STRIMZI && withoutStrimzi !== null) return [];
      const problems = await validator.problems(manifest);
      return problems ?? [`no schema knows ${manifest.apiVersion} ${manifest.kind} ${manifest.metadata.name}`];
    }),
  );
  return found.flat();
}

const folders = (name: string) =>
  readdirSync(join(KUBERNETES, name), { withFileTypes: true }).map((entry) => entry.name);

test.for(folders('overlays'))('the overlay %s', async (name, context) => {
  const validator = validatorOf(context);
  const manifests = await render(join(KUBERNETES, 'overlays', name));
  expect(await problemsOf(manifests, validator)).toEqual([]);
  expect(manifests.length).toBeGreaterThan(10);
});

test.for(folders('components'))('the component %s, on the base', async (name, context) => {
  const validator = validatorOf(context);
  expect(await problemsOf(await renderComponent(name), validator)).toEqual([]);
});

describe('the validator', () => {
  const wrong: [string, string][] = [
    [
      'maxUnavailible',
      'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: a }\nspec: { maxUnavailible: 1 }',
    ],
    ['replicas', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec: { replicas: "2" }'],
    [
      'cpu',
      'apiVersion: v1\nkind: LimitRange\nmetadata: { name: a }\nspec: { limits: [{ type: Pod, max: { cpu: 1 core } }] }',
    ],
    [
      'port',
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: a }\nspec: { ingress: [{ ports: [{ port: [1] }] }] }',
    ],
    [
      'minReplicas',
      'apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: a }\nspec: { minReplicas: 1 }',
    ],
    [
      'lagTreshold',
      'apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: a }\nspec: { scaleTargetRef: { name: a }, triggers: [{ type: kafka, metadata: { lagTreshold: "1" } }] }',
    ],
    ['instances', 'apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: a }\nspec: { instances: "3" }'],
  ];

  test.for(wrong)('finds a wrong %s', async ([field, text], context) => {
    const validator = validatorOf(context);
    expect(await problemsOf(parseManifests(text), validator)).toContainEqual(expect.stringContaining(field));
  });

  test('finds wrong partitions of a topic', async (context) => {
    const validator = validatorOf(context);
    if (withoutStrimzi !== null) context.skip(withoutStrimzi);
    const text = `apiVersion: ${STRIMZI}\nkind: KafkaTopic\nmetadata: { name: a }\nspec: { partitions: "24" }`;
    expect(await problemsOf(parseManifests(text), validator)).toEqual([expect.stringContaining('/spec/partitions')]);
  });

  test('names the kinds that it does not know', async (context) => {
    const validator = validatorOf(context);
    const [manifest] = parseManifests('apiVersion: apps/v2\nkind: Deployment\nmetadata: { name: a }');
    expect(await problemsOf(manifest === undefined ? [] : [manifest], validator)).toEqual([
      'no schema knows apps/v2 Deployment a',
    ]);
  });
});
