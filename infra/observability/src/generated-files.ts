import { join } from 'node:path';
import { catalogueText, readCatalogue } from './catalogue.ts';
import { dashboards } from './dashboards.ts';
import { grafanaJson } from './grafana.ts';
import { operatorRules, prometheusRules } from './rule-files.ts';

/** The folder of what is watched, and how. */
export const OBSERVABILITY = join(import.meta.dirname, '..');
const OPERATOR_RULES = join(OBSERVABILITY, '../kubernetes/components/monitoring/alarms.yaml');

/** What is derived from the sources, by its path. */
export async function observabilityFiles(): Promise<{ file: string; text: string }[]> {
  return [
    { file: join(OBSERVABILITY, 'metrics.md'), text: catalogueText(await readCatalogue()) },
    { file: join(OBSERVABILITY, 'prometheus/rules.yaml'), text: prometheusRules() },
    { file: OPERATOR_RULES, text: operatorRules() },
    ...dashboards.map((dashboard) => ({
      file: join(OBSERVABILITY, 'dashboards', `${dashboard.uid}.json`),
      text: grafanaJson(dashboard),
    })),
  ];
}
