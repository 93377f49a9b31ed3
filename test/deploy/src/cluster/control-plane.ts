import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@runlane/local';
import { eventually } from '@runlane/testkit';
import { goProgram } from '../go-programs.ts';
import type { Proof } from '../part.ts';
import { startProgram } from '../server-program.ts';
import { Kubectl } from './kubectl.ts';

/** An API server with its store, on the loopback. */
export type ControlPlane = {
  kubectl: Kubectl;
  kubeconfig: string;
  url: string;
  /** Of an administrator. */
  token: string;
};

/** Time limit for a busy machine, in milliseconds. */
const READY_MS = 180_000;

/** Starts etcd and kube-apiserver, which end with the part. Thrown: what a program says when it does not start. */
export async function startControlPlane(proof: Proof, further: readonly string[] = []): Promise<ControlPlane> {
  const etcd = await goProgram({ module: 'control-plane', package: './etcd' }, proof);
  const server = await goProgram({ module: 'control-plane', package: 'k8s.io/kubernetes/cmd/kube-apiserver' }, proof);
  const [store, peer, port] = (await freePorts(3)) as [number, number, number];
  const at = (name: string) => join(proof.folder, name);
  const token = randomBytes(16).toString('hex');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  await mkdir(at('certificates'));
  await writeFile(at('accounts.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  await writeFile(at('accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(at('tokens.csv'), `${token},administrator,administrator,system:masters\n`, { mode: 0o600 });

  const storeUrl = `http://127.0.0.1:${store}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const stored = startProgram(proof, etcd, [
    `--data-dir=${at('store')}`,
    `--listen-client-urls=${storeUrl}`,
    `--advertise-client-urls=${storeUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // The store goes with the part.
    '--unsafe-no-fsync',
  ]);
  const served = startProgram(proof, server, [
    `--etcd-servers=${storeUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${at('certificates')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${at('accounts.pub')}`,
    `--service-account-signing-key-file=${at('accounts.key')}`,
    `--token-auth-file=${at('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=false',
    ...further,
  ]);
  const url = `https://127.0.0.1:${port}`;
  const kubeconfig = at('kubeconfig');
  await writeFile(kubeconfig, configOf(url, token), { mode: 0o600 });
  const kubectl = new Kubectl(kubeconfig, proof.signal);
  await Promise.race([
    eventually(() => kubectl.isReady(), { what: 'the API server is ready', deadlineMs: READY_MS, everyMs: 500 }),
    stored.died,
    served.died,
  ]);
  return { kubectl, kubeconfig, url, token };
}

/** A certificate that the server has made for itself a moment ago, on the loopback, says nothing. */
function configOf(url: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proof', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'administrator', user: { token } }],
    contexts: [{ name: 'proof', context: { cluster: 'proof', user: 'administrator' } }],
    'current-context': 'proof',
  });
}
