import { dashboards } from '@runlane/observability/dashboards';
import { readCatalogue } from '@runlane/observability/catalogue';
import type { Part, Proof } from '@runlane/prove-deploy';
import { eventually, runProgram } from '@runlane/testkit';
import { promtool } from '../programs.ts';
import { Prometheus } from '../prometheus.ts';
import { openStage } from '../stage.ts';
import { truths } from './truths.ts';
import { liveADay, startDeployment } from './usual-day.ts';

/** What Prometheus has of the catalogue, and what the panels show, on a usual day. */
export const metricsPart: Part = {
  name: 'metrics',
  what: 'Prometheus scrapes every metric of the catalogue while the demo runs, and every panel of the dashboards shows something',
  limitMs: 45 * 60_000,
  prove,
};

/** What a usual day does not bring: the metric begins with the first of its kind. */
const BEGINS_WITH: Readonly<Record<string, string>> = {
  runlane_graph_uncaught_errors_total: 'an error that a graph leaves uncaught',
  runlane_runs_handed_back_total: 'a process that stops, or a server that goes away, while runs execute',
};

/** Panels that show nothing on a usual day. */
const EMPTY_PANELS: readonly string[] = [];

async function prove(proof: Proof): Promise<void> {
  const stage = await openStage(proof);
  const { demo, graphs, dispatcher } = await startDeployment(stage);
  const services = [
    ['run-consumer', await demo.httpUrl()],
    ['run-consumer', await graphs.httpUrl()],
    ['webhook-dispatcher', await dispatcher.httpUrl()],
  ] as const;
  const prometheus = await Prometheus.start(proof, {
    targets: services.map(([pod, url], index) => ({ url, labels: { namespace: 'proof', pod: `${pod}-${index}` } })),
  });
  await eventually(() => prometheus.isTrue('count(up == 1) == 3'), { what: 'all processes are scraped' });
  await liveADay(stage);
  await proveWellFormed(proof, services);
  await proveCatalogue(proof, prometheus);
  await proveTruths(proof, prometheus);
  await provePanels(proof, prometheus);
}

/** What promtool has against names, helps and units. */
async function proveWellFormed(proof: Proof, services: readonly (readonly [string, string])[]): Promise<void> {
  const program = await promtool(proof);
  for (const [service, url] of services) {
    const text = await (await fetch(new URL('/metrics', url))).text();
    const { code, output } = await runProgram(program, ['check', 'metrics'], { input: text });
    const ours = output.split('\n').filter((line) => line.startsWith('runlane_'));
    if (ours.length > 0) throw new Error(`promtool has something against metrics of ${service}:\n${ours.join('\n')}`);
    if (code !== 0 && !/^(nodejs|process)_/m.test(output)) throw new Error(`promtool check metrics:\n${output}`);
  }
  proof.proved('promtool has nothing against the names, helps and units of our metrics');
}

async function proveCatalogue(proof: Proof, prometheus: Prometheus): Promise<void> {
  const metrics = (await readCatalogue()).flatMap(({ service, metrics: own }) =>
    own.map(({ name, type }) => ({
      name,
      series: `${name}${type === 'histogram' ? '_count' : ''}{service="${service}"}`,
    })),
  );
  const absent = async () => {
    const isThere = await Promise.all(metrics.map(({ series }) => prometheus.isTrue(series)));
    return metrics.filter((_, index) => isThere[index] !== true).map(({ name }) => name);
  };
  let seen: string[] = [];
  const isComplete = async () => (seen = await absent()).every((name) => name in BEGINS_WITH);
  await eventually(isComplete, {
    what: 'the metrics are scraped',
    deadlineMs: 60_000,
    everyMs: 1_000,
    seen: () => seen.filter((name) => !(name in BEGINS_WITH)),
  });
  for (const name of seen) proof.tell(`absent until there is ${BEGINS_WITH[name]}: ${name}`);
  proof.proved(`Prometheus has ${metrics.length - seen.length} of the ${metrics.length} metrics of the catalogue`);
}

async function proveTruths(proof: Proof, prometheus: Prometheus): Promise<void> {
  const untrue = async () => {
    const answers = await Promise.all(
      Object.entries(truths).map(async ([question, expr]) => ((await prometheus.isTrue(expr)) ? [] : [question])),
    );
    return answers.flat();
  };
  let seen: string[] = [];
  await eventually(async () => (seen = await untrue()).length === 0, {
    what: 'the metrics tell what was done',
    deadlineMs: 60_000,
    everyMs: 1_000,
    seen: () => seen,
  });
  proof.proved(`${Object.keys(truths).length} questions of an operator are answered by what was done`);
}

async function provePanels(proof: Proof, prometheus: Prometheus): Promise<void> {
  const panels = dashboards.flatMap(({ title, panels: own }) =>
    own.map((panel) => ({ name: `${title}: ${panel.title}`, queries: panel.queries })),
  );
  const empty = async () => {
    const shown = await Promise.all(
      panels.map(async ({ queries }) => {
        const results = await Promise.all(queries.map(({ expr }) => prometheus.query(expr)));
        return results.flat().length > 0;
      }),
    );
    return panels.filter((_, index) => shown[index] !== true).map(({ name }) => name);
  };
  let seen: string[] = [];
  await eventually(async () => (seen = await empty()).every((name) => EMPTY_PANELS.includes(name)), {
    what: 'every panel shows something',
    deadlineMs: 60_000,
    everyMs: 1_000,
    seen: () => seen,
  });
  const count = panels.reduce((sum, { queries }) => sum + queries.length, 0);
  for (const name of seen) proof.tell(`shows nothing on a usual day: ${name}`);
  proof.proved(
    `Prometheus takes the ${count} expressions of the ${panels.length} panels, and ${panels.length - seen.length} show something`,
  );
}
