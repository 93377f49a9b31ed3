/** Dashboards as Grafana imports them, made with the builders that Grafana generates from its own schema. */
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export type Query = { expr: string; legend: string };

/** `unit`: one of Grafana's, such as `s`, `bytes`, `ops` or `short`. */
export type Panel = { title: string; unit: string; queries: readonly Query[] };

export type Dashboard = { uid: string; title: string; description: string; panels: readonly Panel[] };

/** Grafana's grid has 24 columns: three panels stand side by side. */
const WIDTH = 8;
const HEIGHT = 8;
const COLUMNS = 3;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The JSON of a dashboard. Its source of data is chosen by a variable, so that it fits every Grafana. */
export function grafanaJson({ uid, title, description, panels }: Dashboard): string {
  const others = new DashboardLinkBuilder('Runlane').type(DashboardLinkType.Dashboards).tags(['runlane']);
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['runlane'])
    .version(1)
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .link(others.asDropdown(true));
  for (const [index, panel] of panels.entries()) dashboard.withPanel(panelOf(panel, index));
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}

function panelOf({ title, unit, queries }: Panel, index: number): PanelBuilder {
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
  const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
  const panel = new PanelBuilder()
    .id(index + 1)
    .title(title)
    .datasource(DATASOURCE)
    .gridPos({ h: HEIGHT, w: WIDTH, x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT })
    .unit(unit)
    .min(0)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .legend(legend)
    .tooltip(tooltip);
  for (const [at, query] of queries.entries()) panel.withTarget(queryOf(query, at));
  return panel;
}

function queryOf({ expr, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCodePoint('A'.charCodeAt(0) + index))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend);
}
