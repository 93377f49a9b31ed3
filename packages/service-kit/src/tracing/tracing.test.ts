/**
 * Real: OpenTelemetry and HTTP. Doubled: the collector, which is somebody else's service. Decides: what it gets of
 * spans, and which ones it does not.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { recordingLogger } from '../recording-logger.fixture.ts';
import { ATTRIBUTE, SCHEMA_URL } from './attributes.ts';
import { openTracing } from './open-tracing.ts';
import { OtlpReceiver } from './otlp-receiver.fixture.ts';
import { tracingSettings } from './settings.ts';
import type { Tracing } from './span.ts';
import { parseTraceparent } from './traceparent.ts';
import { tracingVariables } from './variables.ts';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
});
afterEach(() => receiver[Symbol.asyncDispose]());

async function open(environment: Record<string, string> = {}): Promise<Tracing> {
  const variables = z.object(tracingVariables).parse({ ...receiver.environment, ...environment });
  const settings = tracingSettings(variables, { service: 'run-consumer', version: '1.2.3' });
  const tracing = await openTracing(settings, recordingLogger().logger);
  if (tracing === null) throw new Error('Traces are off.');
  return tracing;
}

const TRACE = 'a'.repeat(32);
const parent = (flags: '00' | '01') => `00-${TRACE}-${'b'.repeat(16)}-${flags}`;

test('the collector gets a span with its parent, its attributes and its status', async () => {
  const tracing = await open();
  const span = tracing.start('process runs', {
    kind: 'consumer',
    parent: parent('01'),
    attributes: { [ATTRIBUTE.messagingSystem]: 'kafka', absent: null, count: 2 },
    startMs: 1_700_000_001_000,
  });
  const child = tracing.start('child', { parent: span.traceparent });
  child.fail('TypeError', 'x is not a function');
  child.end();
  span.end(1_700_000_002_500);
  await tracing.close();

  const spanId = parseTraceparent(span.traceparent)?.spanId;
  expect(receiver.spans).toHaveLength(2);
  expect(receiver.spans).toContainEqual(
    expect.objectContaining({
      service: 'runlane.run-consumer',
      name: 'process runs',
      kind: 5,
      traceId: TRACE,
      parentSpanId: 'b'.repeat(16),
      attributes: { 'messaging.system': 'kafka', count: 2 },
      hasFailed: false,
      startMs: 1_700_000_001_000,
      endMs: 1_700_000_002_500,
    }),
  );
  expect(receiver.spans).toContainEqual(
    expect.objectContaining({
      name: 'child',
      traceId: TRACE,
      parentSpanId: spanId,
      hasFailed: true,
      attributes: { 'error.type': 'TypeError' },
    }),
  );
});

test('a trace that its producer does not sample is not sent, but its id goes on', async () => {
  const tracing = await open();
  const span = tracing.start('process', { parent: parent('00') });
  expect(parseTraceparent(span.traceparent)).toMatchObject({ traceId: TRACE, isSampled: false });
  expect(span.isRecording).toBe(false);
  span.end();
  // The wait was long: a trace of its own, which is kept when what led to it is.
  const linked = tracing.start('later', { link: parent('00') });
  linked.end();
  const kept = tracing.start('later', { link: parent('01') });
  kept.end();
  await tracing.close();
  expect(receiver.spans).toEqual([
    expect.objectContaining({ name: 'later', parentSpanId: null, links: [{ traceId: TRACE, spanId: 'b'.repeat(16) }] }),
  ]);
  expect(receiver.spans[0]?.traceId).not.toBe(TRACE);
});

test('the sampler of the environment decides for requests without a trace', async () => {
  const tracing = await open({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' });
  tracing.start('alone').end();
  tracing.start('kept', { parent: parent('01') }).end();
  await tracing.close();
  expect(receiver.spans.map(({ name }) => name)).toEqual(['kept']);
});

test('a collector that is away holds up neither the work nor the end', async () => {
  await receiver[Symbol.asyncDispose]();
  const { logger } = recordingLogger();
  const settings = {
    url: 'http://127.0.0.1:1/v1/traces',
    protocol: 'http/json' as const,
    headers: {},
    sampler: 'always_on' as const,
    samplerRatio: 1,
    resource: { 'service.name': 'x' },
  };
  const tracing = await openTracing(settings, logger);
  tracing?.start('lost').end();
  await expect(tracing?.close()).resolves.toBeUndefined();
});

test('the names are those of the pinned version of the conventions', async () => {
  const manifest = createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions/incubating');
  const conventions: Record<string, unknown> = await import('@opentelemetry/semantic-conventions/incubating');
  const known = new Set(
    Object.entries(conventions).flatMap(([name, value]) => (name.startsWith('ATTR_') ? [value] : [])),
  );
  expect(Object.values(ATTRIBUTE).filter((name) => !known.has(name))).toEqual([]);
  const folder = manifest.slice(0, manifest.indexOf('semantic-conventions/') + 'semantic-conventions/'.length);
  const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string };
  expect(SCHEMA_URL.endsWith(`/${version}`)).toBe(true);
});

test.for(['', 'x', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, `ff-${TRACE}-${'b'.repeat(16)}-01`])(
  '%j is no trace context',
  (text) => {
    expect(parseTraceparent(text)).toBeNull();
  },
);
