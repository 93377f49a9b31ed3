import type { RunError } from '../../domain/run.ts';
import { toWire } from './wire-values.ts';

/** Longest error message that an event carries, in characters: an event must fit its topic whatever a graph throws. */
const MAX_MESSAGE = 16_384;
const MAX_NAME = 256;

/** LangGraph notes on what a node throws which task it was; on a text it cannot, and its own error takes the place. */
const HIDES_TEXT = /^Cannot create property 'pregelTaskId' on \w+ '([^]*)'$/;

/**
 * Class name and message, as LangGraph's servers report an error, of whatever a graph throws: two bounded texts that
 * Postgres can hold. Never throws, also where reading the error does.
 */
export function describeError(error: unknown): RunError {
  const hidden = HIDES_TEXT.exec(read(error, 'message') ?? '');
  if (hidden !== null) return { error: 'Error', message: bounded(hidden[1] ?? '', MAX_MESSAGE) };
  const name = read(error, 'name');
  return {
    error: bounded(name === null || name === '' ? 'Error' : name, MAX_NAME),
    message: bounded(messageOf(error), MAX_MESSAGE),
  };
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const message = read(error, 'message');
  if (message !== null) return message;
  // What is no text may still say something: validators throw lists of messages.
  const told = isObject(error) && hasMessage(error) ? readAny(error, 'message') : error;
  const { json } = toWire(told);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

/** A member that is a text; null for any other, and when reading it throws. */
function read(value: unknown, key: 'name' | 'message'): string | null {
  const member = isObject(value) ? readAny(value, key) : undefined;
  return typeof member === 'string' ? member : null;
}

function readAny(value: object, key: 'name' | 'message'): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    // A getter of the project: what it throws says nothing about the error.
    return undefined;
  }
}

function hasMessage(value: object): boolean {
  const message = readAny(value, 'message');
  return message !== undefined && message !== null;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Postgres holds neither NUL nor half of a surrogate pair. */
function bounded(text: string, length: number): string {
  return text.slice(0, length).toWellFormed().replaceAll('\u0000', '\uFFFD');
}
