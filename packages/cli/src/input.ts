/** What people type: JSON, counts and times. Thrown by all: CommandError, which says what to give instead. */
import { readFileSync } from 'node:fs';
import { CommandError } from './command-error.ts';

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
  const source = text === '-' ? readFileSync(0, 'utf8') : text.startsWith('@') ? fileText(text.slice(1)) : text;
  try {
    return JSON.parse(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(`${what} is not JSON: ${error.message}; give JSON, @file, or - for standard input`);
  }
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
