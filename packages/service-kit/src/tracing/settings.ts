import type { TracingVariables } from './variables.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const PROTOCOLS = ['http/protobuf', 'http/json'] as const;

export type OtlpProtocol = (typeof PROTOCOLS)[number];

export type SamplerName = (typeof SAMPLERS)[number];

/** Where spans go and what they have in common; plain data, so that it reaches worker threads. */
export type TracingSettings = {
  url: string;
  protocol: OtlpProtocol;
  headers: Record<string, string>;
  sampler: SamplerName;
  /** Of the samplers by ratio: from 0 to 1. */
  samplerRatio: number;
  /** `service.name`, `service.version` and those of OTEL_RESOURCE_ATTRIBUTES. */
  resource: Record<string, string>;
};

const DEFAULT_ENDPOINT = 'http://localhost:4318';
const DEFAULT_PROTOCOL = 'http/protobuf';
const DEFAULT_SAMPLER = 'parentbased_always_on';

/** One sentence for each variable that is wrong. None where traces are off, whatever the variables say. */
export function tracingProblems(variables: TracingVariables): string[] {
  if (!isWanted(variables)) return [];
  const { OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_TRACES_SAMPLER: sampler } = variables;
  const endpoints = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const;
  const problems = endpoints
    .filter((name) => variables[name] !== null && !isHttpUrl(variables[name]))
    .map((name) => `${name} must be a URL that starts with http:// or https://, such as http://otel-collector:4318.`);
  if (protocol !== null && protocolOf(protocol) === null) {
    problems.push(
      'OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json: point the endpoint at the HTTP port of the collector, which is ' +
        '4318 by default, or turn traces off with OTEL_TRACES_EXPORTER=none.',
    );
  }
  if (sampler !== null && samplerOf(sampler) === null) {
    problems.push(`OTEL_TRACES_SAMPLER must be one of ${SAMPLERS.join(', ')}.`);
  }
  if (!(ratioOf(variables) >= 0 && ratioOf(variables) <= 1)) {
    problems.push('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.');
  }
  return problems;
}

/** Null: traces are off. Of variables without problems. */
export function tracingSettings(
  variables: TracingVariables,
  about: { service: string; version: string },
): TracingSettings | null {
  if (!isWanted(variables)) return null;
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = variables;
  return {
    url: own ?? `${(base ?? DEFAULT_ENDPOINT).replace(/\/+$/, '')}/v1/traces`,
    protocol: protocolOf(variables.OTEL_EXPORTER_OTLP_PROTOCOL ?? DEFAULT_PROTOCOL) ?? DEFAULT_PROTOCOL,
    headers: pairsOf(variables.OTEL_EXPORTER_OTLP_HEADERS),
    sampler: samplerOf(variables.OTEL_TRACES_SAMPLER ?? DEFAULT_SAMPLER) ?? DEFAULT_SAMPLER,
    samplerRatio: ratioOf(variables),
    resource: {
      'service.version': about.version,
      ...pairsOf(variables.OTEL_RESOURCE_ATTRIBUTES),
      'service.name': variables.OTEL_SERVICE_NAME ?? `runlane.${about.service}`,
    },
  };
}

function isWanted(variables: TracingVariables): boolean {
  if (variables.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false;
  const exporters = variables.OTEL_TRACES_EXPORTER?.split(',').map((name) => name.trim()) ?? null;
  if (exporters !== null) return exporters.includes('otlp');
  return variables.OTEL_EXPORTER_OTLP_ENDPOINT !== null || variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== null;
}

function isHttpUrl(text: string | null): boolean {
  const url = text === null ? null : URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol);
}

function samplerOf(name: string): SamplerName | null {
  return SAMPLERS.find((known) => known === name) ?? null;
}

function protocolOf(name: string): OtlpProtocol | null {
  return PROTOCOLS.find((known) => known === name) ?? null;
}

function ratioOf({ OTEL_TRACES_SAMPLER_ARG: text }: TracingVariables): number {
  return text === null ? 1 : Number(text);
}

/** Of `a=b,c=d`, percent-encoded; what has no `=` is left out. */
function pairsOf(text: string | null): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))] as const];
  });
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    // Not percent-encoded: as it is.
    return text.trim();
  }
}
