import type { RunStatusEvent } from '@runlane/contracts';
import { byThread, distinctEvents, isTerminal } from './history.ts';
import type { ChaosResult } from './run-chaos.ts';

const WIDTH = 1_600;
const ROW = 22;
const LABEL = 130;
const COLOURS: Record<string, string> = {
  'run.succeeded': '#2e7d32',
  'run.paused': '#1565c0',
  'run.interrupted': '#ef6c00',
  'run.rolled_back': '#6a1b9a',
  'run.failed': '#c62828',
  'run.rejected': '#757575',
};

/** A page with a time line of the faults and of the runs of each lane, and with the findings of the judges. */
export function reportHtml(result: ChaosResult): string {
  const { options, problems, sent, faults } = result;
  const verdict = problems.length === 0 ? 'nothing is wrong' : `${problems.length} problems`;
  const list = problems.map(
    ({ law, thread, what }) => `<li><b>${law}</b> ${escape(thread ?? '')} ${escape(what)}</li>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>chaos ${options.seed}: ${verdict}</title>
<style>body{font:14px system-ui;margin:2em}svg{border:1px solid #ccc}text{font:12px system-ui}</style>
<h1>Seed ${options.seed}: ${verdict}</h1>
<p>${sent.length} records and ${faults.length} faults in ${options.durationMs / 1_000} s.
${Object.entries(COLOURS)
  .map(([type, colour]) => `<span style="color:${colour}">■ ${type}</span>`)
  .join(' ')}</p>
<ul>${list.join('\n')}</ul>
${timeline(result)}
</html>
`;
}

function timeline(result: ChaosResult): string {
  const { startedMs, faults, history, problems } = result;
  const events = distinctEvents(history);
  const endMs = Math.max(
    startedMs + result.options.durationMs,
    ...events.map((event) => Date.parse(event.occurred_at)),
  );
  const x = (ms: number) => LABEL + ((ms - startedMs) / (endMs - startedMs)) * (WIDTH - LABEL - 10);
  const lanes = [...byThread(events)]
    .filter(([thread]) => !isUuid(thread))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  const blamed = new Set(problems.map(({ thread }) => thread));
  const height = (lanes.length + 1) * ROW + 10;
  const faultBoxes = faults.map(({ atMs, forMs, kind }) => {
    const from = x(startedMs + atMs);
    const to = Math.max(from + 2, x(startedMs + atMs + forMs));
    return `<rect x="${from.toFixed(1)}" y="0" width="${(to - from).toFixed(1)}" height="${height}" fill="#ffcdd2" opacity="0.6"><title>${kind} for ${forMs} ms</title></rect>`;
  });
  const rows = lanes.map(([thread, ofThread], index) => {
    const y = (index + 1) * ROW;
    const mark = blamed.has(thread) ? ' fill="#c62828" font-weight="bold"' : '';
    return `<text x="4" y="${y + 12}"${mark}>${escape(thread)}</text>${runBoxes(ofThread, x, y)}`;
  });
  return `<svg width="${WIDTH}" height="${height}" role="img" aria-label="faults and runs by time">${faultBoxes.join('')}<text x="4" y="14">faults</text>${rows.join('\n')}</svg>`;
}

function runBoxes(events: readonly RunStatusEvent[], x: (ms: number) => number, y: number): string {
  return [...Map.groupBy(events, (event) => event.run_id)]
    .map(([runId, ofRun]) => {
      const end = ofRun.find(isTerminal);
      const begin = ofRun.find(({ type }) => type === 'run.running') ?? end;
      if (begin === undefined || end === undefined) return '';
      const from = x(Date.parse(begin.occurred_at));
      const width = Math.max(2, x(Date.parse(end.occurred_at)) - from);
      const title = `${runId} ${ofRun.map(({ type, attempt }) => `${type} ${attempt}`).join(', ')}`;
      const colour = COLOURS[end.type] ?? '#000';
      return `<rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 8}" fill="${colour}" opacity="0.8"><title>${escape(title)}</title></rect>`;
    })
    .join('');
}

function isUuid(thread: string): boolean {
  return /^[0-9a-f]{8}-/.test(thread);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
