/** Decides: what is on /metrics before and after a value is known, and that users' names cannot multiply samples. */
import { Counter } from 'prom-client';
import { expect, test } from 'vitest';
import {
  OTHER,
  absentGauge,
  boundedLabel,
  createMetrics,
  createPoolGauges,
  describeMetrics,
  readCounter,
  readGauge,
} from './metrics.ts';

const samples = (text: string) =>
  text.split('\n').filter((line) => line.startsWith('runlane_') && !line.startsWith('runlane_build_info'));

test('a value that nobody knows has no sample, and its description is there', async () => {
  const registry = createMetrics('s', '1.2.3');
  readGauge({ registry, name: 'runlane_read', help: 'Read.' });
  const set = absentGauge({ registry, name: 'runlane_set', help: 'Set.' });
  expect(samples(await registry.metrics())).toEqual([]);

  set.set(0);
  expect(samples(await registry.metrics())).toEqual(['runlane_set{service="s"} 0']);
  set.remove();
  expect(samples(await registry.metrics())).toEqual([]);
  expect((await describeMetrics(registry)).map(({ name }) => name)).toEqual([
    'runlane_build_info',
    'runlane_read',
    'runlane_set',
  ]);
});

test('what is read when it is scraped is what it is then', async () => {
  const registry = createMetrics('s', '1.2.3');
  let now = 2;
  readGauge({ registry, name: 'runlane_now', help: 'Now.' })(() => now);
  readCounter({ registry, name: 'runlane_seen_total', help: 'Seen.' })(() => now);
  expect(samples(await registry.metrics())).toEqual([
    'runlane_now{service="s"} 2',
    'runlane_seen_total{service="s"} 2',
  ]);
  now = 5;
  expect(samples(await registry.metrics())).toEqual([
    'runlane_now{service="s"} 5',
    'runlane_seen_total{service="s"} 5',
  ]);
});

test('a label keeps its first values, and all others are one', () => {
  const graph = boundedLabel(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((value) => graph(value))).toEqual(['a', 'b', OTHER, 'a', OTHER]);
});

test('pools are told by name', async () => {
  const registry = createMetrics('s', '1.2.3');
  createPoolGauges(registry)('main', { totalCount: 5, idleCount: 2, waitingCount: 7 });
  expect(samples(await registry.metrics())).toEqual([
    'runlane_database_connections{pool="main",state="idle",service="s"} 2',
    'runlane_database_connections{pool="main",state="busy",service="s"} 3',
    'runlane_database_waiting_requests{pool="main",service="s"} 7',
  ]);
});

test('a description has the labels of the code, and not those of every process', async () => {
  const registry = createMetrics('s', '1.2.3');
  new Counter({ name: 'runlane_x_total', help: 'X.', labelNames: ['why'], registers: [registry] });
  expect(await describeMetrics(registry)).toContainEqual({
    name: 'runlane_x_total',
    type: 'counter',
    labels: ['why'],
    help: 'X.',
  });
});
