/** Decides: names, units and labels of the metrics follow the conventions of Prometheus. */
import { expect, test } from 'vitest';
import { readCatalogue } from './catalogue.ts';

const catalogue = await readCatalogue();
const metrics = catalogue.flatMap((service) => service.metrics);

/** A gauge of a count is named after what it counts, and one of a state after the state. */
const UNITS = /_(seconds|bytes|ratio|records|items|info)$/;

/** Labels and what bounds their values. A label that is not here has no bound that anybody has thought of. */
const BOUNDED = new Map([
  ['action', 'interrupt, rollback'],
  ['cause', 'our own errors, and database'],
  ['class', 'classes of results'],
  ['code', 'codes of dead letters'],
  ['depth', 'four depths'],
  ['fate', 'five fates'],
  ['graph_id', '50 and other'],
  ['kind', 'four kinds of tokens'],
  ['model', '50 and other'],
  ['of', 'three readings'],
  ['outcome', 'kinds of outcomes'],
  ['partition', 'partitions of a topic'],
  ['pool', 'pools of the code'],
  ['reason', 'reasons of the contracts, or of dead deliveries'],
  ['result', 'results of the code'],
  ['spent', 'true, false'],
  ['stage', 'stages of the code'],
  ['state', 'states of the code'],
  ['status', 'pending, running'],
  ['verdict', 'four verdicts'],
  ['version', 'one a process'],
  ['why', 'causes of the code'],
]);

test('counters end in _total, histograms end in their unit, and no other metric ends in _total', () => {
  expect(metrics.length).toBeGreaterThan(50);
  const wrong = metrics.filter(({ name, type }) =>
    type === 'counter'
      ? !name.endsWith('_total')
      : name.endsWith('_total') || (type === 'histogram' && !UNITS.test(name)),
  );
  expect(wrong).toEqual([]);
});

test('no name has a unit other than the base units', () => {
  expect(metrics.filter(({ name }) => /_(ms|millis|milliseconds|minutes|hours|kb|mb|percent)(_|$)/.test(name))).toEqual(
    [],
  );
});

test('every metric is explained by a sentence', () => {
  expect(metrics.filter(({ help }) => !/^[A-Z\d].*\.$/.test(help))).toEqual([]);
});

test('every label has a bound', () => {
  const labels = new Set(metrics.flatMap((metric) => metric.labels));
  expect([...labels].filter((label) => !BOUNDED.has(label))).toEqual([]);
});

test('a metric that both services have has the same meaning in both', () => {
  const byName = Map.groupBy(metrics, ({ name }) => name);
  const different = [...byName.values()].filter(
    (same) => new Set(same.map(({ type, labels }) => `${type} ${labels.join()}`)).size > 1,
  );
  expect(different).toEqual([]);
});
