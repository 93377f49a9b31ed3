/** What the parts of Runlane know of traces. */

/** Null leaves an attribute out. Never secrets, contents of messages or whole URLs: traces are read by many (I13). */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | null>>;

export type SpanStart = {
  /** Default: internal. */
  kind?: 'internal' | 'consumer' | 'producer' | 'client';
  /** `traceparent` of the span that it belongs to; null begins a trace. */
  parent?: string | null;
  /** `traceparent` of a span that led to this one, without being its parent. */
  link?: string | null;
  attributes?: SpanAttributes;
  /** When it began, in milliseconds since 1970. Default: now. */
  startMs?: number;
};

/** A span that is open. One that is never ended is never sent. */
export interface TraceSpan {
  /** For what belongs to it, also when it is not recorded: whether it is stands in its flags. */
  readonly traceparent: string;
  readonly isRecording: boolean;
  set(attributes: SpanAttributes): void;
  /** @param errorType a name from a small set, such as the class of an error */
  fail(errorType: string, message?: string): void;
  /** @param endMs milliseconds since 1970. Default: now */
  end(endMs?: number): void;
}

export interface Tracing {
  start(name: string, start?: SpanStart): TraceSpan;
  /** Executes the work with the span as the active one of OpenTelemetry's API, for instrumentation that graphs bring. */
  within<T>(traceparent: string | null, work: () => T): T;
  /** Resolves when what has ended is sent; rejects when the collector does not take it. */
  flush(): Promise<void>;
  /** Sends what has ended, and takes nothing more. */
  close(): Promise<void>;
}
