/** The programs that look at Runlane, built by Go at the versions of `go/…/go.mod`. */
import { join } from 'node:path';
import { Missing, goProgram } from '@runlane/prove-deploy';
import type { Proof } from '@runlane/prove-deploy';
import { runProgram } from '@runlane/testkit';

const ROOT = join(import.meta.dirname, '..', 'go');

/** Jaeger, which is the collector of OpenTelemetry with a trace store among its parts: it can be either. */
export const jaeger = (proof: Proof): Promise<string> =>
  built(proof, 'traces', 'github.com/jaegertracing/jaeger/cmd/jaeger');

/** Prometheus, without what finds targets in clouds. */
export const prometheus = (proof: Proof): Promise<string> =>
  built(proof, 'prometheus', 'github.com/prometheus/prometheus/cmd/prometheus', 'remove_all_sd');

export const promtool = (proof: Proof): Promise<string> =>
  built(proof, 'prometheus', 'github.com/prometheus/prometheus/cmd/promtool', 'remove_all_sd');

async function built(proof: Proof, module: string, name: string, tags = ''): Promise<string> {
  const go = await runProgram('go', ['version']).catch(() => ({ code: 1 }));
  if (go.code !== 0) throw new Missing('There is no go on this machine: install Go 1.26 or newer.');
  return goProgram({ module, package: name, root: ROOT, tags }, proof);
}
