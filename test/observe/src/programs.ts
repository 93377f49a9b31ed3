/** The programs that look at Runlane, built by Go at the versions of `go/…/go.mod`. */
import { PROMETHEUS, observingProgram, prometheusProgram } from '@runlane/prove-deploy';
import type { Proof } from '@runlane/prove-deploy';

/** Jaeger, which is the collector of OpenTelemetry with a trace store among its parts: it can be either. */
export const jaeger = (proof: Proof): Promise<string> =>
  observingProgram(proof, { module: 'traces', package: 'github.com/jaegertracing/jaeger/cmd/jaeger' });

/** Prometheus, without what finds targets in clouds. */
export const prometheus = prometheusProgram;

export const promtool = (proof: Proof): Promise<string> =>
  observingProgram(proof, { ...PROMETHEUS, package: 'github.com/prometheus/prometheus/cmd/promtool' });

/** Says what the schema that Grafana publishes has against the dashboards that it is given. */
export const grafanaSchema = (proof: Proof): Promise<string> =>
  observingProgram(proof, { module: 'grafana', sources: ['main.go'], package: 'runlane/prove/grafana' });
