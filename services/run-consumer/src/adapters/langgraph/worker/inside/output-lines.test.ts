import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OutputLines } from './output-lines.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const [a, b] = [{ run: 'a' }, { run: 'b' }];

function recording() {
  const told: string[] = [];
  return { told, lines: new OutputLines<{ run: string }>((line, { run }) => told.push(`${run}: ${line}`)) };
}

test('pieces become lines, for each writer by itself, and empty lines are left out', () => {
  const { told, lines } = recording();
  lines.write('one\ntw', a);
  lines.write('other\r\n', b);
  lines.write('o\n\n', a);
  expect(told).toEqual(['a: one', 'b: other', 'a: two']);
});

test('a line without an end is logged a second after its last piece, or at a flush', () => {
  const { told, lines } = recording();
  lines.write('tok', a);
  vi.advanceTimersByTime(999);
  lines.write('en', a);
  vi.advanceTimersByTime(999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['a: token']);
  lines.write('rest', b);
  lines.flush();
  vi.advanceTimersByTime(2_000);
  expect(told).toEqual(['a: token', 'b: rest']);
});

test('characters that are cut in two are put together, and invalid bytes do no harm', () => {
  const { told, lines } = recording();
  const bytes = Buffer.from('für\n');
  for (const byte of bytes) lines.write(Uint8Array.of(byte), a);
  lines.write(Uint8Array.of(0xff, 0x00, 0x0a, 0xc3), a);
  lines.flush();
  expect(told).toEqual(['a: für', 'a: \ufffd\u0000', 'a: \ufffd']);
});

test('a line without end does not grow for ever', () => {
  const { told, lines } = recording();
  for (let count = 0; count < 5; count += 1) lines.write('x'.repeat(10_000), a);
  expect(told.map((line) => line.length)).toEqual([16_387, 16_387, 16_387]);
  lines.flush();
  expect(told.reduce((sum, line) => sum + line.length - 3, 0)).toBe(50_000);
});
