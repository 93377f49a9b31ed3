import { Buffer } from 'node:buffer';
import { isJsonObject, MAX_REQUEST_DEPTH, readRequest } from '@runlane/contracts';
import type { Json, RequestReading, RunRequestType } from '@runlane/contracts';
import { InvalidRequestError } from './errors.ts';

/** A request that Runlane would take: what to send, and what a reader would see in it. */
export type CheckedRequest = { bytes: Buffer; reading: Exclude<RequestReading, { kind: 'dead_letter' }> };

/**
 * Writes a request as JSON and reads it again as Runlane will, so that what is checked is what is sent: dates become texts,
 * members that are undefined are left out.
 *
 * Thrown for what Runlane would make a dead letter, and for what JSON would change in silence (NaN, functions, holes of a
 * list): InvalidRequestError.
 */
export function checkedRequest(value: unknown, type: RunRequestType, index: number): CheckedRequest {
  const text = textOf(value, index);
  const json: Json = JSON.parse(text);
  const reading = readRequest(json, type);
  if (reading.kind === 'dead_letter') {
    throw new InvalidRequestError(reading.reason.message, { code: reading.reason.code, index });
  }
  return { bytes: Buffer.from(text), reading };
}

function textOf(value: unknown, index: number): string {
  const paths = new WeakMap<object, string>();
  function check(this: unknown, name: string, member: unknown): unknown {
    const path = pathOf(paths, this, name);
    const why = whyNotJson(member, this);
    if (why !== null) throw new InvalidRequestError(`${path}: ${why}`, { code: 'unstorable_json', index });
    if (typeof member === 'object' && member !== null) paths.set(member, path);
    return member;
  }
  try {
    // An object as it is: readRequest says what else is wrong with it.
    return JSON.stringify(value ?? null, check);
  } catch (error) {
    if (error instanceof InvalidRequestError) throw error;
    // The stack ends long after the limit.
    const isDeep = error instanceof RangeError;
    const message = isDeep
      ? `The request nests deeper than ${MAX_REQUEST_DEPTH} levels. Flatten it.`
      : `The request cannot be written as JSON: ${firstLine(error)}. Send plain values.`;
    throw new InvalidRequestError(message, { code: isDeep ? 'too_deep' : 'unstorable_json', index, cause: error });
  }
}

function whyNotJson(value: unknown, holder: unknown): string | null {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'is NaN, which JSON does not have; leave it out';
    return Number.isFinite(value) ? null : 'is a number beyond the range of a double; send it as text';
  }
  const isGap = value === undefined && Array.isArray(holder);
  if (!isGap && !['bigint', 'function', 'symbol'].includes(typeof value)) return null;
  return `is ${typeof value}, which JSON does not have; leave it out`;
}

function pathOf(paths: WeakMap<object, string>, holder: unknown, name: string): string {
  const above = Array.isArray(holder) || isJsonObject(holder) ? (paths.get(holder) ?? '') : '';
  if (Array.isArray(holder)) return `${above}[${name}]`;
  return above === '' ? name : `${above}.${name}`;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
