import { join } from 'node:path';
import type { Part } from '@runlane/prove-deploy';
import { dashboards } from '@runlane/observability/dashboards';
import { runProgramWell } from '@runlane/testkit';
import { grafanaSchema } from '../programs.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'infra', 'observability', 'dashboards');

/** The dashboards are what Grafana imports, as far as its schema says. */
export const dashboardsPart: Part = {
  name: 'dashboards',
  what: "the schema that Grafana publishes, read strictly, takes every dashboard and every panel's options and queries",
  limitMs: 45 * 60_000,
  async prove(proof) {
    const files = dashboards.map(({ uid }) => `${uid}.json`);
    await runProgramWell(await grafanaSchema(proof), files, { cwd: FOLDER });
    proof.proved(`Grafana's schema has nothing against ${files.length} dashboards`);
  },
};
