import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@runlane/testkit';
import type { Proof } from '../part.ts';
import type { Demo } from './demo.ts';

const DASHBOARDS = join(import.meta.dirname, '..', '..', '..', '..', 'infra', 'observability', 'dashboards');
const WAIT = { deadlineMs: 60_000, everyMs: 1_000 };

type Targets = { activeTargets: { scrapeUrl: string; health: string; lastError: string }[] };
type Rules = { groups: { rules: { health: string }[] }[] };

/**
 * Prometheus scrapes every service that it is told of in infra/observability, and evaluates every rule; Grafana, or what stands in
 * for it, has the data source and the dashboards.
 */
export async function proveObservability(proof: Proof, demo: Demo): Promise<void> {
  let last: unknown;
  const isScraped = async () => {
    const { activeTargets } = await askPrometheus<Targets>(demo, 'targets');
    last = activeTargets;
    return activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up') ? activeTargets : null;
  };
  const targets = await eventually(isScraped, {
    ...WAIT,
    what: 'Prometheus scrapes all of its targets',
    seen: () => last,
  });
  const isEvaluated = async () => {
    const { groups } = await askPrometheus<Rules>(demo, 'rules');
    const rules = groups.flatMap((group) => group.rules);
    last = rules.filter(({ health }) => health !== 'ok');
    return rules.length > 0 && rules.every(({ health }) => health === 'ok') ? rules : null;
  };
  const rules = await eventually(isEvaluated, {
    ...WAIT,
    what: 'Prometheus evaluates all of its rules',
    seen: () => last,
  });
  proof.proved(
    `Prometheus scrapes ${targets.map(({ scrapeUrl }) => scrapeUrl).join(', ')} and evaluates ${rules.length} rules`,
  );
  await proveGrafana(proof, demo);
}

async function askPrometheus<T>({ prometheus }: Demo, what: string): Promise<T> {
  const response = await fetch(`${prometheus}/api/v1/${what}`);
  const { data } = (await response.json()) as { data: T };
  return data;
}

async function proveGrafana({ proved }: Proof, { grafana }: Demo): Promise<void> {
  const count = readdirSync(DASHBOARDS).length;
  const health = await fetch(`${grafana}/api/health`);
  const text = await health.text();
  if (!health.ok) throw new Error(`Grafana answers ${health.status}: ${text}`);
  if (text.includes('"database"')) {
    const found = (await (await fetch(`${grafana}/api/search?type=dash-db`)).json()) as unknown[];
    if (found.length !== count) throw new Error(`Grafana has ${found.length} dashboards, and not ${count}.`);
    proved(`Grafana has ${count} dashboards`);
    return;
  }
  const read = JSON.parse(text) as { source: string; seriesCount: number; dashboards: string[] };
  if (read.dashboards.length !== count) throw new Error(`The stand-in for Grafana finds ${text}`);
  if (read.seriesCount === 0) throw new Error(`The data source of Grafana has no series: ${text}`);
  proved(
    `what is mounted for Grafana are ${count} dashboards and a data source that answers; Grafana itself did not run`,
  );
}
