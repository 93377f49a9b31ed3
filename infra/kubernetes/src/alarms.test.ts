/** Alarms are about metrics and labels that the services have, and are sentences of Prometheus' language. */
import { parser } from '@prometheus-io/lezer-promql';
import { createRunConsumerMetrics } from '@runlane/run-consumer/metrics';
import { createDispatcherMetrics } from '@runlane/webhook-dispatcher/metrics';
import { expect, test } from 'vitest';
import { readManifest } from './render.ts';

type Rule = {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};

const { groups } = readManifest('components/monitoring/alarms.yaml').spec as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

/** What Prometheus, or the PodMonitor, adds to each sample. */
const TARGET_LABELS = ['namespace', 'pod', 'service', 'app_kubernetes_io_component', 'le'];

/** The text of every node of a kind in an expression; `⚠` is the parser's kind of what it does not understand. */
function textsOf(expression: string, kind: string): string[] {
  const texts: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ name, from, to }) => {
      if (name === kind) texts.push(expression.slice(from, to));
    },
  });
  return texts;
}

/** Labels by the names that samples have, of which a histogram has three. */
async function catalogue(): Promise<Map<string, string[]>> {
  const labels = new Map<string, string[]>([['up', []]]);
  const [consumer, dispatcher] = [createRunConsumerMetrics(), createDispatcherMetrics()];
  for (const { registry } of [consumer, dispatcher]) {
    for (const { name, type } of await registry.getMetricsAsJSON()) {
      const metric: unknown = registry.getSingleMetric(name);
      const own = Reflect.get(Object(metric), 'labelNames') as string[];
      const suffixes = String(type) === 'histogram' ? ['_bucket', '_count', '_sum'] : [''];
      for (const suffix of suffixes)
        labels.set(`${name}${suffix}`, [...(labels.get(`${name}${suffix}`) ?? []), ...own]);
    }
  }
  return labels;
}

test('the parser finds what is wrong', () => {
  expect(textsOf('sum by (pod (up) > 0', '⚠')).not.toEqual([]);
  expect(textsOf('sum by (pod) (up) > 0', '⚠')).toEqual([]);
});

test('every expression is one, of metrics and labels that there are', async () => {
  const labels = await catalogue();
  expect(rules.length).toBeGreaterThan(15);
  for (const { alert, expr, annotations } of rules) {
    expect([alert, textsOf(expr, '⚠')]).toEqual([alert, []]);
    const metrics = textsOf(expr, 'VectorSelector').map((text) => /^[a-z_\d]+/i.exec(text)?.[0] ?? '');
    expect(metrics).not.toEqual([]);
    expect([alert, metrics.filter((metric) => !labels.has(metric))]).toEqual([alert, []]);
    const known = new Set([...metrics.flatMap((metric) => labels.get(metric) ?? []), ...TARGET_LABELS]);
    const named = ['LabelName', 'QuotedLabelName'].flatMap((kind) => textsOf(expr, kind));
    expect([alert, named.filter((label) => !known.has(label))]).toEqual([alert, []]);
    // A label that the expression has summed away would be empty in the message.
    const shown = Object.values(annotations).flatMap((text) =>
      [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? ''),
    );
    expect([alert, shown.filter((label) => !named.includes(label))]).toEqual([alert, []]);
  }
});

test('every alarm has a severity, and says what has happened and what to look at', () => {
  for (const rule of rules) {
    expect(rule).toMatchObject({
      alert: expect.stringMatching(/^Runlane[A-Z]\w+$/) as string,
      for: expect.stringMatching(/^\d+m$/) as string,
      labels: { severity: expect.stringMatching(/^(critical|warning|info)$/) as string },
      annotations: {
        summary: expect.stringMatching(/./) as string,
        description: expect.stringMatching(/\.$/) as string,
      },
    });
  }
});
