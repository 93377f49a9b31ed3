import { execFile, execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

/** A Go module that has schemas in it. `sum` is what the Go checksum database says of it. */
export type SchemaSource = { module: string; version: string; sum: string };

/** Kubernetes itself: OpenAPI files in `api/openapi-spec/v3`. */
export const kubernetesSource: SchemaSource = {
  module: 'k8s.io/kubernetes',
  version: 'v1.37.2',
  sum: 'h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE=',
};

/** A Go module with CustomResourceDefinitions in some files of `folder`. */
export type DefinitionSource = SchemaSource & { folder: string; files: RegExp };

export const kedaSource: DefinitionSource = {
  module: 'github.com/kedacore/keda/v2',
  version: 'v2.21.0',
  sum: 'h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=',
  folder: 'config/crd/bases',
  files: /^keda\.sh_(scaledobjects|triggerauthentications)\.yaml$/,
};

/** The operators whose objects stand in components. */
export const operatorSources: readonly DefinitionSource[] = [
  kedaSource,
  {
    module: 'github.com/cloudnative-pg/cloudnative-pg',
    version: 'v1.30.0',
    sum: 'h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=',
    folder: 'config/crd/bases',
    files: /^postgresql\.cnpg\.io_clusters\.yaml$/,
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    folder: 'example/prometheus-operator-crd-full',
    files: /^monitoring\.coreos\.com_(podmonitors|prometheusrules)\.yaml$/,
  },
  {
    module: 'github.com/external-secrets/external-secrets',
    version: 'v0.16.2',
    sum: 'h1:iNY+gIgSyL5higXTfnz+hdPCaiB/43UiHLqE7HBpj68=',
    folder: 'config/crds/bases',
    files: /^external-secrets\.io_externalsecrets\.yaml$/,
  },
];

/** Why no schemas can be fetched on this machine: one sentence, or null where they can. */
export function schemaObstacle(): string | null {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'go is not on this machine; install Go to fetch the schemas of Kubernetes and of its operators.';
  }
}

/**
 * The folder of a module in the cache of Go, into which it is fetched once.
 *
 * Thrown: what go says when it cannot fetch; Error for other contents than those that are pinned here.
 */
export async function fetchSource({ module, version, sum }: SchemaSource): Promise<string> {
  // Outside of any Go module, whose go.mod it would read.
  const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', `${module}@${version}`], {
    cwd: tmpdir(),
  });
  const fetched = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (fetched.Sum !== sum) throw new Error(`${module}@${version} has the checksum ${fetched.Sum}, and not ${sum}`);
  return fetched.Dir;
}
