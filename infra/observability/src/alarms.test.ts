/** Decides: alarms and dashboards name metrics and labels that exist, and every alarm has a runbook. */
import { createRunConsumerMetrics } from '@runlane/run-consumer/metrics';
import { createDispatcherMetrics } from '@runlane/webhook-dispatcher/metrics';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { alarms, partAlarms } from './alarms.ts';
import { readCatalogue } from './catalogue.ts';
import { dashboards } from './dashboards.ts';
import { expressionJudge, labelsNamed } from './expressions.fixture.ts';
import { OBSERVABILITY } from './generated-files.ts';
import { anchorOf } from './rule-files.ts';

const judge = expressionJudge(await readCatalogue());
const all = [...alarms, ...partAlarms];

test('the judge finds mistakes in alarms and panels', () => {
  expect(judge('sum by (pod (up) > 0')).not.toEqual([]);
  expect(judge('sum by (nobody) (up)')).toEqual(['there is no label nobody']);
  expect(judge('runlane_nothing > 0')).toEqual(['there is no metric runlane_nothing']);
  expect(judge('1 > 0')).toEqual(['it is about no metric']);
  expect(judge('sum by (pod) (up) > 0')).toEqual([]);
});

test('every alarm names metrics and labels that exist', () => {
  expect(alarms.length).toBeGreaterThan(25);
  expect(all.filter(({ expr }) => judge(expr).length > 0).map(({ name, expr }) => [name, judge(expr)])).toEqual([]);
});

test('no message shows a label that its expression has summed away', () => {
  const wrong = all.filter(({ expr, summary, description }) => {
    const shown = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? '');
    return shown.some((label) => !labelsNamed(expr).includes(label));
  });
  expect(wrong).toEqual([]);
});

test('every alarm has a name of its own, and says what has happened and what to look at', () => {
  for (const { name, summary, description } of all) {
    expect([name, summary, description]).toEqual([
      expect.stringMatching(/^[A-Z][A-Za-z]+$/),
      expect.stringMatching(/[^.]$/),
      expect.stringMatching(/\.$/),
    ]);
  }
  expect(new Set(alarms.map(({ name }) => name)).size).toBe(alarms.length);
});

test('every alarm has a section in the runbooks, and every section an alarm', () => {
  const text = readFileSync(join(OBSERVABILITY, 'runbooks.md'), 'utf8');
  const sections = [...text.matchAll(/^## (\S+)\n\n\S/gm)].map(([, heading]) => heading?.toLowerCase());
  expect(new Set(sections)).toEqual(new Set(all.map(anchorOf)));
});

test('a counter whose first increase must raise an alarm starts at 0, for each value of its labels', async () => {
  const registries = [createRunConsumerMetrics().registry, createDispatcherMetrics().registry];
  const samples = (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat();
  const begun = new Set(samples.filter(({ values }) => values.length > 0).map(({ name }) => name));
  const counted = all.flatMap(({ expr }) =>
    [...expr.matchAll(/increase\((runlane_\w+)/g)].map(([, name]) => name ?? ''),
  );
  expect(counted.length).toBeGreaterThan(8);
  expect(new Set(counted.filter((name) => !begun.has(name)))).toEqual(new Set(BEGUN_LATER));
});

/** By graph: those of a process begin when it knows its graphs, and attempts with the first one. */
const BEGUN_LATER = ['runlane_graph_deaf_aborts_total', 'runlane_run_attempt_seconds_count'];

test('every panel shows metrics that exist, by labels that they have', () => {
  const panels = dashboards.flatMap(({ title, panels: own }) =>
    own.map((panel) => ({ ...panel, title: `${title}: ${panel.title}` })),
  );
  const wrong = panels.flatMap(({ title, queries }) =>
    queries.flatMap(({ expr, legend }) => {
      const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
      const absent = /by \(/.test(expr) ? shown.filter((label) => !labelsNamed(expr).includes(label)) : [];
      return [...judge(expr), ...absent.map((label) => `the legend shows ${label}, which is summed away`)].map(
        (problem) => `${title}: ${problem}`,
      );
    }),
  );
  expect(panels.length).toBeGreaterThan(40);
  expect(wrong).toEqual([]);
});

test('every metric of the catalogue is in an alarm, on a dashboard, or on the list of those in neither', async () => {
  const texts = [...all, ...dashboards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries))].map(
    ({ expr }) => expr,
  );
  const unseen = (await readCatalogue())
    .flatMap(({ metrics }) => metrics.map(({ name }) => name))
    .filter((name) => !texts.some((text) => new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(text)));
  expect(new Set(unseen)).toEqual(new Set(NEITHER));
});

/** For a closer look, when something else has said where. */
const NEITHER = [
  'runlane_clock_offset_seconds',
  'runlane_consumer_rebalances_total',
  'runlane_dead_letters_waiting',
  'runlane_executor_lease_held',
  'runlane_webhook_oldest_lease_seconds',
  'runlane_webhook_settle_wait_seconds',
  'runlane_webhook_stage_items',
];

test('Kubernetes gets every dashboard', () => {
  const { configMapGenerator } = parse(readFileSync(join(OBSERVABILITY, 'kustomization.yaml'), 'utf8')) as {
    configMapGenerator: { files: string[] }[];
  };
  const files = readdirSync(join(OBSERVABILITY, 'dashboards')).map((name) => `dashboards/${name}`);
  expect(new Set(configMapGenerator[0]?.files)).toEqual(new Set(files));
  expect(files).toHaveLength(dashboards.length);
});
