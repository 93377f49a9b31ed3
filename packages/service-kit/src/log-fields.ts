import { traceIdOf } from './tracing/traceparent.ts';

/** The fields of a log line: keys in snake_case, also within objects and lists. */
export function logFields(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [snakeCase(key), fieldOf(field)]));
}

function fieldOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fieldOf);
  return isPlain(value) ? logFields(value) : value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The fields by which a line about a run is found; `trace_id` if its request has a trace. */
export type RunFields = { run_id: string; thread_id: string; trace_id?: string };

/** The fields of a line about a run. */
export function runFields(run: { runId: string; threadId: string; traceparent?: string | null }): RunFields {
  const traceId = traceIdOf(run.traceparent);
  return { run_id: run.runId, thread_id: run.threadId, ...(traceId === null ? {} : { trace_id: traceId }) };
}
