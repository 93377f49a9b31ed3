/** Real: everything. Decides: the figures that a report would show. */
import { expect, test } from 'vitest';
import { against, alone, isMet, medianOf, percentile } from './statistics.ts';

test('a percentile is one of the samples, whatever their order', () => {
  const samples = [30, 10, 50, 20, 40];

  expect(percentile(samples, 0.5)).toBe(30);
  expect(percentile(samples, 0.99)).toBe(50);
  expect(percentile(samples, 0)).toBe(10);
  expect(percentile([7], 0.5)).toBe(7);
});

test('there is no percentile of nothing', () => {
  expect(() => percentile([], 0.5)).toThrow('no samples');
});

test('the ratio is that of the medians, with its spread over the rounds', () => {
  const measure = against('runs', '/s', medianOf([10, 30, 20]), { name: 'peer', ...medianOf([10, 10, 40]) });

  expect(measure.ratio).toEqual({ value: 2, rounds: [1, 3, 0.5] });
});

test('an aim is met at its bound and on the right side of it, by the right figure', () => {
  const peer = { name: 'peer', ...medianOf([10]) };

  expect(isMet(against('a', '', medianOf([6]), peer, { of: 'ratio', is: 'at least', bound: 0.6 }))).toBe(true);
  expect(isMet(against('a', '', medianOf([5.9]), peer, { of: 'ratio', is: 'at least', bound: 0.6 }))).toBe(false);
  expect(isMet(alone('a', 'ms', medianOf([20]), { of: 'value', is: 'at most', bound: 20 }))).toBe(true);
  expect(isMet(alone('a', 'ms', medianOf([20.1]), { of: 'value', is: 'at most', bound: 20 }))).toBe(false);
  expect(isMet(alone('a', 'ms', medianOf([20])))).toBeNull();
});
