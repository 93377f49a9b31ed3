import { expect, test } from 'vitest';
import { ServiceRows } from './service-rows.ts';

const line = (msg: string, rest: object = {}): string =>
  JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05Z', service: 'run-consumer.graphs', msg, ...rest });

test('shows which graphs loaded, by the last line about each of them', () => {
  const rows = new ServiceRows();
  rows.rowOf(line('graph.loaded', { graph_id: 'chat' }));
  rows.rowOf(line('graph.not_loadable', { graph_id: 'agent', err: { message: 'no module' } }));
  expect(rows.graphs.summary()).toBe('agent (does not load), chat');
  expect(rows.graphs.firstLoaded()).toBe('chat');
  rows.rowOf(line('graph.loaded', { graph_id: 'agent' }));
  expect(rows.graphs.summary()).toBe('agent, chat');
});

test('a delivered webhook has no row; the rows of the others say what happens to them next', () => {
  const rows = new ServiceRows();
  const attempt = { origin: 'http://127.0.0.1:9', outcome: 'connect', run_id: 'r' };
  expect(rows.rowOf(line('webhook.attempted', { ...attempt, result: 'delivered' }))).toBeNull();
  expect(rows.rowOf(line('webhook.attempted', { ...attempt, result: 'due', reason: 'refused' }))).toMatchObject({
    type: 'webhook',
    detail: 'http://127.0.0.1:9: refused; tried again later; run r',
    tone: 'bad',
  });
  const detailOfRetry = (retry_after_ms: number) =>
    rows.rowOf(line('webhook.attempted', { ...attempt, result: 'due', reason: 'refused', retry_after_ms }))?.detail;
  expect(detailOfRetry(5_400)).toBe('http://127.0.0.1:9: refused; tried again in 5 s; run r');
  expect(detailOfRetry(300_000)).toBe('http://127.0.0.1:9: refused; tried again in 5 min; run r');
  expect(rows.rowOf(line('webhook.attempted', { ...attempt, result: 'dead', status: 410 }))?.detail).toBe(
    'http://127.0.0.1:9: 410; given up; run r',
  );
});

test('the output of graphs appears below their runs, and cannot steer the terminal', () => {
  const printed = { graph_id: 'chat', thread_id: 't1', text: 'two\n\u001b[2Jlines' };
  expect(new ServiceRows().rowOf(line('graph.console', printed))).toMatchObject({
    type: '  console',
    graph: 'chat',
    thread: 't1',
    detail: 'two lines',
  });
});

test('a log line that repeats the table is not shown', () => {
  const rows = new ServiceRows();
  expect(rows.isShownElsewhere(line('batch.admitted', { dead_letters: { undecodable: 1 } }))).toBe(true);
  expect(rows.isShownElsewhere(line('graph.failed'))).toBe(false);
  expect(rows.isShownElsewhere('no JSON')).toBe(false);
});
