/** A collector of OpenTelemetry and a trace store behind it, as processes of their own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@runlane/local';
import { startProgram } from '@runlane/prove-deploy';
import type { Proof } from '@runlane/prove-deploy';
import { eventually } from '@runlane/testkit';
import { jaeger } from '../programs.ts';

export type TracePrograms = {
  /** Takes OTLP over HTTP. */
  collectorUrl: string;
  /** The API of the trace store. */
  storeUrl: string;
};

/** Starts both, and resolves when both answer. */
export async function startTracePrograms(proof: Proof): Promise<TracePrograms> {
  const program = await jaeger(proof);
  const [collected = 0, stored = 0, asked = 0, askedByGrpc = 0] = await freePorts(4);
  const at = (port: number) => `127.0.0.1:${port}`;
  const store = await start(proof, program, 'store', {
    receivers: { otlp: { protocols: { http: { endpoint: at(stored) } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'memory' } },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 1_000 } } } },
      jaeger_query: {
        storage: { traces: 'memory' },
        http: { endpoint: at(asked) },
        grpc: { endpoint: at(askedByGrpc) },
      },
    },
    service: serviceOf(['jaeger_storage', 'jaeger_query'], 'jaeger_storage_exporter'),
  });
  const collector = await start(proof, program, 'collector', {
    receivers: { otlp: { protocols: { http: { endpoint: at(collected) } } } },
    exporters: { otlphttp: { endpoint: `http://${at(stored)}`, tls: { insecure: true } } },
    service: serviceOf([], 'otlphttp'),
  });
  const [collectorUrl, storeUrl] = [`http://${at(collected)}`, `http://${at(asked)}`];
  await Promise.race([answers(`${storeUrl}/api/services`), store.died]);
  await Promise.race([answers(collectorUrl), collector.died]);
  return { collectorUrl, storeUrl };
}

/** Nothing of the program is measured: that would take a port which others may have. */
function serviceOf(extensions: string[], exporter: string) {
  return {
    extensions,
    pipelines: { traces: { receivers: ['otlp'], exporters: [exporter] } },
    telemetry: { metrics: { level: 'none' } },
  };
}

async function start(proof: Proof, program: string, name: string, configuration: unknown) {
  const file = join(proof.folder, `${name}.yaml`);
  // JSON is YAML.
  await writeFile(file, JSON.stringify(configuration));
  return startProgram(proof, program, [`--config=${file}`], { ...process.env, OTEL_TRACES_SAMPLER: 'always_off' });
}

/** Any answer: a collector has no page. */
async function answers(url: string): Promise<void> {
  const isThere = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await eventually(isThere, { what: `${url} answers`, deadlineMs: 60_000, everyMs: 200 });
}
