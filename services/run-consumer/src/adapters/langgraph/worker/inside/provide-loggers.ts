/**
 * Turns what graphs write into lines of the service's log, with the run that wrote them: `console`, which LangSmith's
 * warnings use too, `process.stdout` and `process.stderr`, and the logger that a LangGraph server provides for `getLogger` of
 * `@langchain/langgraph-sdk/logging`.
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import type { Logger } from '@runlane/service-kit';
import { runScope, runScopeOr } from '../../attempt/run-scope.ts';
import { OutputLines } from './output-lines.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Where `getLogger` looks. */
const SDK_LOGGER = Symbol.for('langgraph.api.sdk-logger');

/** The methods of that logger, and the levels of ours. */
const SDK_LEVELS: Record<string, Level> = {
  error: 'error',
  warn: 'warn',
  help: 'info',
  data: 'info',
  info: 'info',
  http: 'info',
  prompt: 'info',
  input: 'info',
  verbose: 'debug',
  debug: 'debug',
  silly: 'debug',
};

/** Longest text of one line, in characters: a graph that prints its state must not flood the log. */
const MAX_TEXT = 16_384;

/**
 * Replaces the `console` and the standard streams of this thread, and provides the logger of LangGraph's SDK. Returns a
 * function that passes on unfinished lines.
 *
 * @param logger writes to none of these streams
 */
export function provideLoggers(logger: Logger): () => void {
  const write = (level: Level, text: string, fields: object = {}) =>
    logger[level]({ ...fields, ...runScope(), text: text.slice(0, MAX_TEXT) }, 'graph.console');
  provideConsole(write);
  Reflect.set(globalThis, SDK_LOGGER, sdkLogger(write));
  const streams = [tellLines(process.stdout, 'stdout', logger), tellLines(process.stderr, 'stderr', logger)];
  return () => {
    for (const lines of streams) lines.flush();
  };
}

/** The writer outside of any run, for example while a module loads. */
const NOBODY = {};

function tellLines(stream: NodeJS.WriteStream, name: 'stdout' | 'stderr', logger: Logger): OutputLines<object> {
  const level = name === 'stdout' ? 'info' : 'warn';
  const lines = new OutputLines<object>((text, scope) =>
    logger[level]({ ...scope, stream: name, text }, 'graph.console'),
  );
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const piece = typeof chunk === 'string' && isEncoding(encoding) ? Buffer.from(chunk, encoding) : chunk;
    lines.write(piece, runScopeOr(NOBODY));
    const told = typeof encoding === 'function' ? encoding : done;
    if (typeof told === 'function') process.nextTick(told, null);
    return true;
  };
  stream.write = write;
  return lines;
}

/** Encodings of a text that stands for bytes other than its UTF-8. */
function isEncoding(encoding: unknown): encoding is BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) && !/^utf-?8$/i.test(encoding);
}

type Write = (level: Level, text: string, fields?: object) => void;

function provideConsole(write: Write): void {
  const at = (level: Level) => {
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        write(level, String(chunk).trimEnd());
        done();
      },
    });
    return new Console({ stdout: stream, stderr: stream, colorMode: false });
  };
  const { debug } = at('debug');
  const { warn } = at('warn');
  const { error, trace, assert } = at('error');
  Object.assign(globalThis.console, at('info'), { debug, warn, error, trace, assert });
}

function sdkLogger(write: Write): object {
  const logger: Record<string, (message: unknown, ...meta: unknown[]) => object> = {};
  for (const [method, level] of Object.entries(SDK_LEVELS)) {
    logger[method] = (message, ...meta) => {
      const { text, fields } = entryOf(message, meta);
      write(level, text, fields);
      return logger;
    };
  }
  return logger;
}

/** Winston's forms: a text with further data, or an object that holds the text. */
function entryOf(message: unknown, meta: unknown[]): { text: string; fields: object } {
  if (typeof message === 'string') return { text: message, fields: meta.length === 0 ? {} : { meta } };
  if (typeof message === 'object' && message !== null && 'message' in message && typeof message.message === 'string') {
    return { text: message.message, fields: { meta: [message, ...meta] } };
  }
  return { text: inspect(message), fields: meta.length === 0 ? {} : { meta } };
}
