/** Decides: what /metrics shows before and after a value is known, and that names of users cannot multiply samples. */
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

test('an unknown value has a description but no sample', async () => {
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

test('a value that is read at the scrape is the current one', async () => {
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

test('a label keeps its first values, and all others share one', () => {
  const graph = boundedLabel(2);
  expect(['a', 'b', 'c', 'a', 'd'].map((value) => graph(value))).toEqual(['a', 'b', OTHER, 'a', OTHER]);
});

test('pools are distinguished by name', async () => {
  const registry = createMetrics('s', '1.2.3');
  createPoolGauges(registry)('main', { totalCount: 5, idleCount: 2, waitingCount: 7 });
  expect(samples(await registry.metrics())).toEqual([
    'runlane_database_connections{pool="main",state="idle",service="s"} 2',
    'runlane_database_connections{pool="main",state="busy",service="s"} 3',
    'runlane_database_waiting_requests{pool="main",service="s"} 7',
  ]);
});

test('a description has the labels of the code, not those of the process', async () => {
  const registry = createMetrics('s', '1.2.3');
  new Counter({ name: 'runlane_x_total', help: 'X.', labelNames: ['why'], registers: [registry] });
  expect(await describeMetrics(registry)).toContainEqual({
    name: 'runlane_x_total',
    type: 'counter',
    labels: ['why'],
    help: 'X.',
  });
});
