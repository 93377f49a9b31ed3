import type { Findings, Measure, Series } from './bench.ts';
import type { MachineReport } from './machine.ts';
import { isMet } from './statistics.ts';

/** Everything that one run of a bench found; what `--json` prints. */
export type Report = Findings & {
  bench: string;
  what: string;
  startedAt: string;
  tookSeconds: number;
  machine: MachineReport;
};

/** The report for people: one line per measure, each figure with its smallest and largest round. */
export function reportText(report: Report): string {
  const { machine } = report;
  const rows = report.measures.map((measure) => [
    measure.name,
    series(measure.runlane, measure.unit),
    measure.peer === null ? '' : `${series(measure.peer, measure.unit)} ${measure.peer.name}`,
    measure.ratio === null ? '' : series(measure.ratio, ''),
    aimText(measure),
  ]);
  return [
    `${report.bench}: ${report.what}`,
    '',
    ...columns([['measure', 'runlane (min–max)', 'peer (min–max)', 'ratio (min–max)', 'aim'], ...rows]),
    '',
    `machine: ${machine.cpus} × ${machine.model}, ${machine.memoryGib} GiB, ${machine.platform}, Node ${machine.node}`,
    `noise: load average ${machine.loadBefore} before, ${machine.loadAfter} after; the same fixed work took ` +
      `${series(machine.fixedWorkMs, 'ms')} between the rounds`,
    ...report.notes.map((note) => `note: ${note}`),
    `took ${report.tookSeconds} s`,
    ...report.details,
  ].join('\n');
}

/** The report for programs, with whether each aim is met. */
export function reportJson(report: Report): string {
  const measures = report.measures.map((measure) => ({ ...measure, isMet: isMet(measure) }));
  return JSON.stringify({ ...report, measures }, null, 2);
}

function aimText(measure: Measure): string {
  const { aim } = measure;
  if (aim === null) return '';
  const unit = aim.of === 'ratio' || measure.unit === '' ? '' : ` ${measure.unit}`;
  return `${aim.is === 'at least' ? '≥' : '≤'} ${aim.bound}${unit}: ${isMet(measure) === true ? 'met' : 'not met'}`;
}

function series({ value, rounds }: Series, unit: string): string {
  const range = rounds.length < 2 ? '' : ` (${figure(Math.min(...rounds))}–${figure(Math.max(...rounds))})`;
  return `${figure(value)}${unit === '' ? '' : ` ${unit}`}${range}`;
}

/** Three significant digits. */
function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return size >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
