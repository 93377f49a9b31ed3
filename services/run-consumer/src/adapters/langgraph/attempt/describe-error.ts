import type { RunError } from '../../../domain/run.ts';
import { toWire } from './wire-values.ts';

/** Longest error message that an event carries, in characters: an event must fit its topic whatever a graph throws. */
const MAX_MESSAGE = 16_384;
const MAX_NAME = 256;

/**
 * LangGraph notes the task on the error that a node throws. It cannot do so on a text, and then its own TypeError replaces
 * what the node threw.
 */
const HIDES_TEXT = /^Cannot create property 'pregelTaskId' on \w+ '([^]*)'$/;

/** Deepest cause whose stack is included. */
const MAX_CAUSES = 8;

/**
 * Class name and message of whatever a graph throws, as LangGraph's servers report an error. Both are bounded texts that
 * Postgres can hold. Never throws, not even when reading the error throws.
 *
 * @param stackLength longest stack, with those of the causes, in characters; 0 = none
 */
export function describeError(error: unknown, stackLength = 0): RunError {
  const hidden = HIDES_TEXT.exec(read(error, 'message') ?? '');
  if (hidden !== null) return { error: 'Error', message: bounded(hidden[1] ?? '', MAX_MESSAGE) };
  const name = read(error, 'name');
  return {
    error: bounded(name === null || name === '' ? 'Error' : name, MAX_NAME),
    message: bounded(messageOf(error), MAX_MESSAGE),
    ...stackOf(error, stackLength),
  };
}

function stackOf(error: unknown, length: number): { stack?: string } {
  const stacks = length === 0 ? [] : stacksOf(error);
  return stacks.length === 0 ? {} : { stack: bounded(stacks.join('\ncaused by: '), length) };
}

/** The stacks of whatever a graph throws and of its causes, outermost first. Never throws. */
export function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error, depth = 0; isObject(at) && depth <= MAX_CAUSES; depth += 1) {
    const stack = read(at, 'stack');
    if (stack !== null) stacks.push(stack);
    at = readAny(at, 'cause');
  }
  return stacks;
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  const message = read(error, 'message');
  if (message !== null) return message;
  // A message that is no text is still useful: validators throw lists of messages.
  const told = isObject(error) && hasMessage(error) ? readAny(error, 'message') : error;
  const { json } = toWire(told);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

type TextKey = 'name' | 'message' | 'stack';

/** A member that is a text; null for any other member, and when reading it throws. */
function read(value: unknown, key: TextKey): string | null {
  const member = isObject(value) ? readAny(value, key) : undefined;
  return typeof member === 'string' ? member : null;
}

function readAny(value: object, key: TextKey | 'cause'): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    // A getter of the project has thrown; that says nothing about the error.
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
