/** Dashboards as Grafana imports them. */

export type Query = { expr: string; legend: string };

/** `unit`: one of Grafana's, such as `s`, `bytes`, `ops` or `short`. */
export type Panel = { title: string; unit: string; queries: readonly Query[] };

export type Dashboard = { uid: string; title: string; description: string; panels: readonly Panel[] };

const SCHEMA_VERSION = 41;
/** Grafana's grid has 24 columns: three panels stand side by side. */
const WIDTH = 8;
const HEIGHT = 8;
const COLUMNS = 3;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The JSON of a dashboard. Its source of data is chosen by a variable, so that it fits every Grafana. */
export function grafanaJson({ uid, title, description, panels }: Dashboard): string {
  const dashboard = {
    uid,
    title,
    description,
    tags: ['runlane'],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} }],
    },
    links: [{ type: 'dashboards', title: 'Runlane', tags: ['runlane'], asDropdown: true }],
    panels: panels.map((panel, index) => panelOf(panel, index)),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function panelOf({ title, unit, queries }: Panel, index: number) {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    datasource: DATASOURCE,
    gridPos: { h: HEIGHT, w: WIDTH, x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCodePoint('A'.charCodeAt(0) + at),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}
