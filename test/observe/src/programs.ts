/** The programs that look at Runlane, built by Go at the versions of `go/…/go.mod`. */
import { join } from 'node:path';
import { Missing, goProgram, prometheusProgram } from '@runlane/prove-deploy';
import type { GoProgram, Proof } from '@runlane/prove-deploy';
import { runProgram } from '@runlane/testkit';

const ROOT = join(import.meta.dirname, '..', 'go');

/** Jaeger, which is the collector of OpenTelemetry with a trace store among its parts: it can be either. */
export const jaeger = (proof: Proof): Promise<string> =>
  built(proof, { module: 'traces', package: 'github.com/jaegertracing/jaeger/cmd/jaeger' });

/** Prometheus, without what finds targets in clouds. */
export const prometheus = prometheusProgram;

export const promtool = (proof: Proof): Promise<string> =>
  built(proof, {
    module: 'prometheus',
    tags: 'remove_all_sd',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
  });

/** Says what the schema that Grafana publishes has against the dashboards that it is given. */
export const grafanaSchema = (proof: Proof): Promise<string> =>
  built(proof, { module: 'grafana', sources: ['main.go'], package: 'runlane/prove/grafana' });

async function built(proof: Proof, program: GoProgram): Promise<string> {
  const go = await runProgram('go', ['version']).catch(() => ({ code: 1 }));
  if (go.code !== 0) throw new Missing('There is no go on this machine: install Go 1.26 or newer.');
  return goProgram({ ...program, root: ROOT }, proof);
}
