/**
 * Where traces go, by OpenTelemetry's own names. They are often set for other programs, so each is read as the text that it
 * is, and judged only where traces are wanted (`tracingProblems`).
 */
import type { z } from 'zod';
import { text } from '../config/variable-types.ts';

export const tracingVariables = {
  OTEL_SDK_DISABLED: text().meta({ description: 'true turns traces off, whatever else is set.' }),
  OTEL_TRACES_EXPORTER: text().meta({
    description: 'otlp turns traces on, none off. Unset: on where an endpoint is set.',
    example: 'otlp',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: text().meta({
    description: 'Collector of traces, by OTLP over HTTP; /v1/traces is appended. By default http://localhost:4318.',
    example: 'http://otel-collector:4318',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: text().meta({
    description: 'The same for traces alone, as it is.',
    example: 'http://otel-collector:4318/v1/traces',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: text().meta({
    description: 'How to speak to the collector: http/protobuf, which is the default, or http/json.',
    example: 'http/protobuf',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: text().meta({
    description: 'Headers for the collector: key=value, comma-separated, percent-encoded.',
    secret: true,
  }),
  OTEL_TRACES_SAMPLER: text().meta({
    description:
      'Which traces are kept. Unset: parentbased_always_on, those that the producer keeps and all without one.',
    example: 'parentbased_traceidratio',
  }),
  OTEL_TRACES_SAMPLER_ARG: text().meta({
    description: 'Share of the traces that the samplers by traceidratio keep. Unset: 1.',
    example: '0.1',
  }),
  OTEL_SERVICE_NAME: text().meta({
    description: 'Name of the service in its spans. Unset: runlane.run-consumer or runlane.webhook-dispatcher.',
  }),
  OTEL_RESOURCE_ATTRIBUTES: text().meta({
    description: 'Attributes of all spans: key=value, comma-separated, percent-encoded.',
    example: 'deployment.environment.name=prod',
  }),
};

/** For `pick` of a service's variables. */
export const tracingVariableNames = {
  OTEL_SDK_DISABLED: true,
  OTEL_TRACES_EXPORTER: true,
  OTEL_EXPORTER_OTLP_ENDPOINT: true,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: true,
  OTEL_EXPORTER_OTLP_PROTOCOL: true,
  OTEL_EXPORTER_OTLP_HEADERS: true,
  OTEL_TRACES_SAMPLER: true,
  OTEL_TRACES_SAMPLER_ARG: true,
  OTEL_SERVICE_NAME: true,
  OTEL_RESOURCE_ATTRIBUTES: true,
} as const;

export type TracingVariables = z.infer<z.ZodObject<typeof tracingVariables>>;
