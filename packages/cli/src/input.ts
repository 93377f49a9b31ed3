/** Arguments that people type: JSON, counts and times. Thrown by all: CommandError, which says what to give instead. */
import { readFileSync } from 'node:fs';
import { CommandError, messageOf } from './command-error.ts';

/** A whole number from 1. `name` is what it was given as. */
export function countOf(text: string, name: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CommandError(`${name} ${text} is no count; give a whole number from 1`);
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time, or how long ago it was: `90s`, `15m`, `24h`, `7d`. */
export function sinceOf(text: string, nowMs: number, name: string): Date {
  const ago = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = ago?.[2];
  if (ago !== null && (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd')) {
    return new Date(nowMs - Number(ago[1]) * UNIT_MS[unit]);
  }
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at;
  throw new CommandError(`${name} ${text} is no time; give 15m, 24h, 7d, or a time such as 2026-01-31T12:00:00Z`);
}

/** JSON, `@file`, or `-` for standard input. `what` says whose it is. */
export function jsonOf(text: string, what: string): unknown {
  const source = text === '-' ? textIn(0, 'standard input') : text.startsWith('@') ? fileText(text.slice(1)) : text;
  try {
    return JSON.parse(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const found = source.trim() === '' ? 'empty' : `not JSON: ${error.message}`;
    throw new CommandError(`${what} is ${found}; give JSON, @file, or - for standard input`);
  }
}

function fileText(path: string): string {
  return textIn(path, path);
}

function textIn(file: string | number, name: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new CommandError(`${name} cannot be read: ${messageOf(error)}`);
  }
  const encoding = encodingOf(bytes);
  try {
    // The byte order mark is no part of the text.
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`${name} is no text in ${encoding.toUpperCase()}; save it as UTF-8`);
  }
}

/** Windows' shells and editors write UTF-16, with a mark in front. */
function encodingOf([first, second]: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}
