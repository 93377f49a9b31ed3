/**
 * Purpose   Makes spans and sends them to a collector, behind a type that does not mention OpenTelemetry, so that a process
 *           without traces loads nothing of it.
 * Contexts  Told by `traceparent`, never by what happens to be active, because the parts of a trace lie in several threads,
 *           processes and times. The API's global provider stays that of the graphs.
 * Sampling  A span with a parent is kept when its parent is; one with a link and no parent when what it is linked to is.
 */
import {
  context as activeContext,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Attributes, Context, Link, Span, SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler, SamplingResult } from '@opentelemetry/sdk-trace';
import { ATTRIBUTE, SCHEMA_URL } from './attributes.ts';
import type { TracingSettings } from './settings.ts';
import type { SpanAttributes, SpanStart, TraceSpan, Tracing } from './span.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

const KINDS = {
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
} as const;

/** Longer texts are cut: an attribute is no place for a document. */
const MAX_ATTRIBUTE_LENGTH = 1_024;

/** Most spans that wait for the collector; more are lost, because the collector must delay nothing. */
const MAX_QUEUED = 8_192;

export function createTracing(settings: TracingSettings): Tracing {
  const Exporter = settings.protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  const provider = new TracerProvider({
    resource: resourceFromAttributes(settings.resource),
    sampler: new LinkedSampler(samplerOf(settings)),
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_LENGTH },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new Exporter({ url: settings.url, headers: settings.headers }),
        maxQueueSize: MAX_QUEUED,
        scheduledDelayMillis: 1_000,
      }),
    ],
  });
  const tracer = provider.getTracer('runlane', settings.resource['service.version'], { schemaUrl: SCHEMA_URL });
  return {
    start(name, { kind = 'internal', parent = null, link = null, attributes = {}, startMs }: SpanStart = {}) {
      const linked = contextOf(link);
      const options = {
        kind: KINDS[kind],
        attributes: attributesOf(attributes),
        ...(linked === null ? {} : { links: [{ context: linked }] }),
        ...(startMs === undefined ? {} : { startTime: startMs }),
      };
      return new OpenSpan(tracer.startSpan(name, options, parentContext(parent)));
    },
    within(traceparent, work) {
      const parent = contextOf(traceparent);
      if (parent === null) return work();
      return activeContext.with(trace.setSpanContext(activeContext.active(), parent), work);
    },
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

class OpenSpan implements TraceSpan {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return formatTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
  }

  get isRecording(): boolean {
    return this.#span.isRecording();
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributesOf(attributes));
  }

  fail(errorType: string, message?: string): void {
    this.#span.setAttribute(ATTRIBUTE.errorType, errorType);
    this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
  }

  end(endMs?: number): void {
    this.#span.end(endMs);
  }
}

/** A root span with a link is kept exactly when what it is linked to is. */
class LinkedSampler implements Sampler {
  readonly #others: Sampler;

  constructor(others: Sampler) {
    this.#others = others;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const [link] = links;
    if (link === undefined || trace.getSpanContext(context) !== undefined) {
      return this.#others.shouldSample(context, traceId, name, kind, attributes, links);
    }
    const isSampled = (link.context.traceFlags & TraceFlags.SAMPLED) !== 0;
    return { decision: isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return `Linked{${this.#others.toString()}}`;
  }
}

function samplerOf({ sampler, samplerRatio }: TracingSettings): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplerRatio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerRatio) });
  }
}

function parentContext(traceparent: string | null): Context {
  const parent = contextOf(traceparent);
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function contextOf(traceparent: string | null): SpanContext | null {
  const parsed = parseTraceparent(traceparent);
  if (parsed === null) return null;
  const { traceId, spanId, isSampled } = parsed;
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function attributesOf(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}
