/** Shared by the tests of answers: short deadlines, and beginnings of answers. */
import type { Receiver } from './receivers.fixture.ts';

/** For attempts that end without a deadline, on a busy machine. */
export const limits = { dnsMs: 10_000, connectMs: 10_000, headersMs: 20_000, totalMs: 30_000, slotMs: 30_000 };
/** For attempts that only a deadline ends; in the order of the real ones. */
export const short = { dnsMs: 200, connectMs: 400, headersMs: 600, totalMs: 900, slotMs: 300 };

/** A busy machine may be late by this much, in milliseconds. */
export const SLACK_MS = 5_000;

export const url = (to: Receiver, path = '/hook?token=s3cret-token'): string => `http://127.0.0.1:${to.port}${path}`;
export const head = (status: string, ...headers: string[]): string =>
  `HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
export const empty = (status: string, ...headers: string[]): string => head(status, 'content-length: 0', ...headers);
