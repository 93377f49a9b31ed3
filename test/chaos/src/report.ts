import type { RunStatusEvent } from '@runlane/contracts';
import { byThread, distinctEvents, isTerminal } from './history.ts';
import type { Problem } from './history.ts';
import type { ChaosResult } from './run-chaos.ts';

const ROW = 22;
const LABELS_WIDTH = 230;
/** A run of some milliseconds has to be seen, and ten minutes have to end. */
const PIXELS_A_SECOND = 18;
const TICK_SECONDS = 10;
const COLOURS: Record<string, string> = {
  'run.succeeded': '#2e7d32',
  'run.paused': '#1565c0',
  'run.interrupted': '#ef6c00',
  'run.rolled_back': '#6a1b9a',
  'run.failed': '#c62828',
  'run.rejected': '#757575',
};
const STYLE = `body{font:14px system-ui;margin:2em}text{font:12px system-ui}.time{display:flex;border:1px solid #ccc}
.scroll{overflow-x:auto}svg{display:block;flex:none}li{margin:.2em 0;overflow-wrap:anywhere}`;

/** A row of the time line: its name and verdict on the left, and what happened on the right. */
type Row = { name: string; verdict: string; isBad: boolean; boxes: string };

/** A page with a time line of the faults by kind and of the runs of each lane, and with the findings of the judges. */
export function reportHtml(result: ChaosResult): string {
  const { options, problems, sent, faults, history } = result;
  const verdict = problems.length === 0 ? 'nothing is wrong' : `${problems.length} problems`;
  const list = problems.map(
    ({ law, thread, what }) => `<li><b>${law}</b> ${escape(thread ?? '')} ${escape(what)}</li>`,
  );
  const events = distinctEvents(history);
  const runCount = new Set(events.map(({ run_id: id }) => id)).size;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>chaos ${options.seed}: ${verdict}</title>
<style>${STYLE}</style>
<h1>Seed ${options.seed}: ${verdict}</h1>
<p>${sent.length} records, ${runCount} runs, ${events.length} events and ${faults.length} faults in ${options.durationMs / 1_000} s.
A box is a run from its first start to its end; point at it for its events. Red stripes are faults.
${Object.entries(COLOURS)
  .map(([type, colour]) => `<span style="color:${colour}">■ ${type}</span>`)
  .join(' ')}</p>
<ul>${list.join('\n')}</ul>
${timeline(result, events)}
</html>
`;
}

function timeline(result: ChaosResult, events: readonly RunStatusEvent[]): string {
  const { startedMs, faults, problems, options } = result;
  const endMs = Math.max(startedMs + options.durationMs, ...events.map((event) => Date.parse(event.occurred_at)));
  const seconds = Math.ceil((endMs - startedMs) / 1_000) + 1;
  const x = (ms: number) => Math.max(0, ((ms - startedMs) / 1_000) * PIXELS_A_SECOND);
  const width = seconds * PIXELS_A_SECOND;
  const faultRows = [...Map.groupBy(faults, ({ kind }) => kind)].toSorted(byName).map(([kind, ofKind]): Row => {
    const boxes = ofKind.map(({ atMs, forMs }) =>
      box(x(startedMs + atMs), x(startedMs + atMs + forMs), '#b71c1c', `${kind} at ${atMs / 1_000} s for ${forMs} ms`),
    );
    return { name: kind, verdict: `${ofKind.length} ×`, isBad: false, boxes: boxes.join('') };
  });
  const lanes = [...byThread(events)].filter(([thread]) => !isUuid(thread)).toSorted(byName);
  const laneRows = lanes.map(([thread, ofThread]): Row => {
    const wrong = problems.filter((problem) => problem.thread === thread);
    return { name: thread, verdict: verdictOf(wrong), isBad: wrong.length > 0, boxes: runBoxes(ofThread, x) };
  });
  const rows = [...faultRows, ...laneRows];
  const height = (rows.length + 1) * ROW + 6;
  const top = (index: number) => (index + 1) * ROW;
  const labels = rows.map(({ name, verdict, isBad }, index) => {
    const mark = isBad ? ' fill="#c62828" font-weight="bold"' : '';
    return `<text x="6" y="${top(index) + 13}"${mark}>${escape(name)}</text><text x="${LABELS_WIDTH - 6}" y="${top(index) + 13}" text-anchor="end"${mark}>${escape(verdict)}</text>`;
  });
  const stripes = faults.map(({ atMs, forMs }) => {
    const from = x(startedMs + atMs);
    const to = Math.max(from + 2, x(startedMs + atMs + forMs));
    return `<rect x="${from.toFixed(1)}" y="${ROW}" width="${(to - from).toFixed(1)}" height="${height}" fill="#ffcdd2" opacity="0.45"/>`;
  });
  const ticks = Array.from({ length: Math.ceil(seconds / TICK_SECONDS) }, (_, index) => {
    const at = index * TICK_SECONDS;
    return `<path d="M${at * PIXELS_A_SECOND} ${ROW}V${height}" stroke="#ddd"/><text x="${at * PIXELS_A_SECOND + 3}" y="15">${at} s</text>`;
  });
  const sent = `<path d="M${x(startedMs + options.durationMs)} 0V${height}" stroke="#000" stroke-dasharray="4"/><text x="${x(startedMs + options.durationMs) + 45}" y="15" font-weight="bold">quiet from here</text>`;
  const right = rows.map(({ boxes }, index) => `<g transform="translate(0 ${top(index) + 2})">${boxes}</g>`);
  return `<div class="time"><svg width="${LABELS_WIDTH}" height="${height}"><text x="6" y="15">time</text>${labels.join('\n')}</svg>
<div class="scroll" tabindex="0"><svg width="${width}" height="${height}" role="img" aria-label="faults and runs by time">${stripes.join('')}${ticks.join('')}${sent}${right.join('\n')}</svg></div></div>`;
}

function verdictOf(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'as it should be';
  return [...new Set(problems.map(({ law }) => law))].join(', ');
}

function runBoxes(events: readonly RunStatusEvent[], x: (ms: number) => number): string {
  return [...Map.groupBy(events, (event) => event.run_id)]
    .map(([runId, ofRun]) => {
      const end = ofRun.find(isTerminal);
      const begin = ofRun.find(({ type }) => type === 'run.running') ?? end;
      if (begin === undefined || end === undefined) return '';
      const title = `${runId}: ${ofRun.map(({ type, attempt }) => `${type} ${attempt}`).join(', ')}`;
      return box(x(Date.parse(begin.occurred_at)), x(Date.parse(end.occurred_at)), COLOURS[end.type] ?? '#000', title);
    })
    .join('');
}

function box(from: number, to: number, colour: string, title: string): string {
  const width = Math.max(3, to - from - 0.5);
  return `<rect x="${from.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${ROW - 6}" fill="${colour}" opacity="0.85"><title>${escape(title)}</title></rect>`;
}

function byName([one]: [string, ...unknown[]], [other]: [string, ...unknown[]]): number {
  return one < other ? -1 : 1;
}

function isUuid(thread: string): boolean {
  return /^[0-9a-f]{8}-/.test(thread);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
