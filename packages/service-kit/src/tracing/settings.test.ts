/** Decides: when traces are on, where they go, and which settings are refused. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { tracingProblems, tracingSettings } from './settings.ts';
import { tracingVariables } from './variables.ts';

const schema = z.object(tracingVariables);
const ABOUT = { service: 'run-consumer', version: '1.2.3' };
const settingsOf = (environment: Record<string, string>) => tracingSettings(schema.parse(environment), ABOUT);
const problemsOf = (environment: Record<string, string>) => tracingProblems(schema.parse(environment));

test('without an endpoint or an exporter there are no traces', () => {
  expect(settingsOf({})).toBeNull();
  expect(settingsOf({ OTEL_TRACES_SAMPLER: 'always_on', OTEL_SERVICE_NAME: 'x' })).toBeNull();
});

test.for([
  { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
  { OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
  { OTEL_SDK_DISABLED: 'TRUE', OTEL_TRACES_EXPORTER: 'otlp' },
])('%o turns them off', (environment) => {
  expect(settingsOf(environment)).toBeNull();
});

test('variables of other programs are checked only where traces are on', () => {
  const others = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_TRACES_SAMPLER_ARG: 'x',
  };
  expect(problemsOf(others)).toEqual([]);
  expect(problemsOf({ ...others, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })).toEqual([
    expect.stringMatching(/^OTEL_EXPORTER_OTLP_ENDPOINT must be a URL/),
    expect.stringMatching(/^OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf/),
    expect.stringMatching(/^OTEL_TRACES_SAMPLER must be one of/),
    expect.stringMatching(/^OTEL_TRACES_SAMPLER_ARG must be a number/),
  ]);
});

test('the common endpoint gets the path of traces, and the endpoint for traces is used as it is', () => {
  expect(settingsOf({ OTEL_TRACES_EXPORTER: 'otlp' })?.url).toBe('http://localhost:4318/v1/traces');
  expect(settingsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' })?.url).toBe(
    'http://collector:4318/v1/traces',
  );
  const own = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b:2/x' };
  expect(settingsOf(own)?.url).toBe('http://b:2/x');
});

test('headers, attributes, name and sampler are read as the specification says', () => {
  expect(
    settingsOf({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x = 1 ,broken',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=prod%2Feu',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }),
  ).toMatchObject({
    headers: { authorization: 'Bearer abc', x: '1' },
    resource: { 'service.name': 'mine', 'service.version': '1.2.3', 'deployment.environment.name': 'prod/eu' },
    sampler: 'parentbased_traceidratio',
    samplerRatio: 0.25,
  });
});
