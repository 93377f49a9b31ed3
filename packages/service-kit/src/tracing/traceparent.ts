/** Identity of a span as W3C Trace Context writes it: `00-<trace id>-<span id>-<flags>`. */
export type TraceContext = { traceId: string; spanId: string; isSampled: boolean };

const FORM = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;
const NO_ID = /^0+$/;
const SAMPLED = 1;

/** Null where the text is no valid `traceparent`, as well as without one. */
export function parseTraceparent(text: string | null | undefined): TraceContext | null {
  const [, traceId = '', spanId = '', flags = ''] = FORM.exec(text ?? '') ?? [];
  if (NO_ID.test(traceId) || NO_ID.test(spanId) || traceId === '' || text?.startsWith('ff') === true) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`;
}

/** The trace of a `traceparent`, for logs; null without a valid one. */
export function traceIdOf(traceparent: string | null | undefined): string | null {
  return parseTraceparent(traceparent)?.traceId ?? null;
}
