import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fetchSource, kedaSource } from '@runlane/kubernetes';
import type { Manifest } from '@runlane/kubernetes';
import { freePorts } from '@runlane/local';
import { certificateMaker, eventually } from '@runlane/testkit';
import { startControlPlane } from '../cluster/control-plane.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { applyAllDefinitions, applyDefinitions } from '../cluster/definitions.ts';
import { goProgram } from '../go-programs.ts';
import type { Proof } from '../part.ts';
import { startProgram } from '../server-program.ts';

const NAMESPACE = 'keda';
const SERVICE = 'keda-metrics-apiserver';
const READY_MS = 120_000;
/** Kubernetes asks for metrics every 15 s; nobody here waits so long. */
const SYNC = '2s';

/**
 * An API server, the controllers of Kubernetes that scale Deployments and make their pods, and KEDA's operator with its server
 * of metrics. There are no nodes, so pods are made and stay pending. `died` rejects when
 * one of the programs ends. Thrown: what a program says when it does not start.
 */
export async function startScaling(proof: Proof): Promise<{ kubectl: Kubectl; died: Promise<never> }> {
  const at = (name: string) => join(proof.folder, name);
  const [grpc, metrics, health, managed] = (await freePorts(4)) as [number, number, number, number];
  await writeCertificates(at);
  // The API server calls KEDA's server of metrics in the name of whoever asks it.
  const { kubectl, kubeconfig } = await startControlPlane(proof, [
    `--requestheader-client-ca-file=${at('ca.crt')}`,
    '--requestheader-allowed-names=',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${at('tls.crt')}`,
    `--proxy-client-key-file=${at('tls.key')}`,
  ]);
  await applyDefinitions(kubectl);
  await applyAllDefinitions(kubectl, kedaSource);
  const manager = await goProgram(
    { module: 'control-plane', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
    proof,
  );
  const source = await fetchSource(kedaSource);
  const keda = { root: dirname(source), module: basename(source) };
  const operator = await goProgram({ ...keda, package: './cmd/operator' }, proof);
  const adapter = await goProgram({ ...keda, package: './cmd/adapter' }, proof);
  const environment = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    WATCH_NAMESPACE: '',
    POD_NAMESPACE: NAMESPACE,
    KEDA_CLUSTER_OBJECT_NAMESPACE: NAMESPACE,
  };
  await made(kubectl, objectsFor(metrics));
  const programs = [
    startProgram(proof, manager, [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--controllers=horizontal-pod-autoscaler-controller,deployment-controller,replicaset-controller',
      `--horizontal-pod-autoscaler-sync-period=${SYNC}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${managed}`,
      `--cert-dir=${at('certificates')}`,
    ]),
    startProgram(
      proof,
      operator,
      [
        `--cert-dir=${proof.folder}`,
        `--metrics-service-bind-address=127.0.0.1:${grpc}`,
        `--health-probe-bind-address=127.0.0.1:${health}`,
        '--enable-prometheus-metrics=false',
        '--zap-log-level=error',
      ],
      environment,
    ),
    startProgram(
      proof,
      adapter,
      [
        `--secure-port=${metrics}`,
        '--bind-address=127.0.0.1',
        `--port=${(await freePorts(1))[0]}`,
        `--cert-dir=${proof.folder}`,
        `--tls-cert-file=${at('tls.crt')}`,
        `--tls-private-key-file=${at('tls.key')}`,
        `--metrics-service-address=127.0.0.1:${grpc}`,
        `--lister-kubeconfig=${kubeconfig}`,
        `--authentication-kubeconfig=${kubeconfig}`,
        `--authorization-kubeconfig=${kubeconfig}`,
        '--zap-log-level=error',
      ],
      environment,
    ),
  ];
  const condition = '{.status.conditions[?(@.type=="Available")].status}';
  const isServed = async () =>
    (await kubectl.well('get', 'apiservice', 'v1beta1.external.metrics.k8s.io', `-o=jsonpath=${condition}`)) === 'True';
  const died = Promise.race(programs.map((program) => program.died));
  died.catch(() => undefined); // whoever waits for the programs is told
  await Promise.race([
    eventually(isServed, { what: "the API server reaches KEDA's metrics", deadlineMs: READY_MS, everyMs: 500 }),
    died,
  ]);
  return { kubectl, died };
}

/** Applies objects. Thrown: what the API server says when it refuses them. */
export async function made(kubectl: Kubectl, objects: readonly Manifest[]): Promise<void> {
  const { isAccepted, output } = await kubectl.apply(objects);
  if (!isAccepted) throw new Error(`Objects are refused:\n${output}`);
}

/** One certificate for the servers and clients among each other, by the names that KEDA reads them. */
async function writeCertificates(at: (name: string) => string): Promise<void> {
  using certificates = certificateMaker();
  const authority = certificates.issue({});
  const own = certificates.issue({ issuer: authority, names: 'IP:127.0.0.1' });
  await writeFile(at('ca.crt'), authority.cert);
  await writeFile(at('tls.crt'), own.cert);
  await writeFile(at('tls.key'), own.key, { mode: 0o600 });
}

/** What an installation of KEDA has besides its programs: here the programs are on the loopback, and no pods. */
function objectsFor(port: number): Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: SERVICE, namespace: NAMESPACE },
      spec: { type: 'ExternalName', externalName: '127.0.0.1' },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.external.metrics.k8s.io' },
      spec: {
        service: { name: SERVICE, namespace: NAMESPACE, port },
        group: 'external.metrics.k8s.io',
        version: 'v1beta1',
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}
