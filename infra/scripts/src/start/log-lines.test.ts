import { expect, test } from 'vitest';
import { isWorthSeeing, logField, readableLogLine } from './log-lines.ts';

const line = (level: string, rest: object = {}): string =>
  JSON.stringify({ level, time: '2026-01-02T03:04:05Z', service: 'run-consumer', pid: 1, msg: 'it.happened', ...rest });

test.each([
  [true, line('warn')],
  [true, line('error')],
  [true, line('fatal')],
  [false, line('info')],
  [false, line('debug')],
  [false, '  '],
  [true, 'SyntaxError: Unexpected token'],
  [true, '{ not JSON'],
])('says %s for %s', (expected, text) => {
  expect(isWorthSeeing(text)).toBe(expected);
});

test('shows the message, the error without its stack, and the other fields of the line', () => {
  const text = readableLogLine(
    line('error', { err: { message: 'no route', stack: 'at x' }, attempt: 2, where: 'a b' }),
  );
  expect(text).toBe('[run-consumer] error: it.happened · no route · attempt=2 · where=a b');
});

test('cuts long values, and leaves text alone that is no log line', () => {
  expect(readableLogLine(line('warn', { state: 'x'.repeat(9000) })).length).toBeLessThan(600);
  expect(readableLogLine('plain text\n')).toBe('plain text');
});

test('gives one field, and undefined where there is none', () => {
  expect(logField(line('info', { port: 8080 }), 'port')).toBe(8080);
  expect(logField(line('info'), 'port')).toBeUndefined();
  expect(logField('[1]', 'port')).toBeUndefined();
});
