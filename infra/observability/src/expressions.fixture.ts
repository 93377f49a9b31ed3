/** Problems of a Prometheus expression: its syntax, and metrics or labels that do not exist. */
import { parser } from '@prometheus-io/lezer-promql';
import type { ServiceMetrics } from './catalogue.ts';

/** What Prometheus, or its operator, adds to each sample. */
const TARGET_LABELS = ['namespace', 'pod', 'instance', 'service', 'app_kubernetes_io_component', 'le'];

/** Metrics of Node and of Prometheus itself, of which the catalogue has none. */
const OTHERS = ['up', 'process_cpu_seconds_total', 'process_resident_memory_bytes'];

/** The text of every node of a kind in an expression; `⚠` is the parser's kind of what it does not understand. */
export function textsOf(expression: string, kind: string): string[] {
  const texts: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ name, from, to }) => {
      if (name === kind) texts.push(expression.slice(from, to));
    },
  });
  return texts;
}

/** The labels that an expression names. */
export function labelsNamed(expression: string): string[] {
  return ['LabelName', 'QuotedLabelName'].flatMap((kind) => textsOf(expression, kind));
}

/** Problems of expressions, judged by the metrics of a catalogue. */
export function expressionJudge(catalogue: readonly ServiceMetrics[]): (expression: string) => string[] {
  const labels = new Map<string, string[]>(OTHERS.map((name) => [name, []]));
  for (const { name, type, labels: own } of catalogue.flatMap(({ metrics }) => metrics)) {
    const suffixes = type === 'histogram' ? ['_bucket', '_count', '_sum'] : [''];
    for (const suffix of suffixes) labels.set(`${name}${suffix}`, own);
  }
  return (expression) => {
    const metrics = textsOf(expression, 'VectorSelector').map((text) => /^[a-z_\d]+/i.exec(text)?.[0] ?? '');
    const known = new Set([...metrics.flatMap((metric) => labels.get(metric) ?? []), ...TARGET_LABELS]);
    return [
      ...textsOf(expression, '⚠').map((text) => `no expression at ${JSON.stringify(text)}`),
      ...(metrics.length === 0 ? ['it is about no metric'] : []),
      ...metrics.filter((metric) => !labels.has(metric)).map((metric) => `there is no metric ${metric}`),
      ...labelsNamed(expression)
        .filter((label) => !known.has(label))
        .map((label) => `there is no label ${label}`),
    ];
  };
}
