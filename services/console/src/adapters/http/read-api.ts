/** The readings of the page; none changes anything. */
import type { RunStatus } from '@runlane/contracts';
import type { DeploymentReading, RunReader, ShownRun, ThreadReader } from '@runlane/run-consumer/ledger';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { z } from 'zod';
import { lanesPage } from '../../app/lanes.ts';
import type { StandingReader } from '../../app/standing.ts';
import { searchThreads } from '../../app/search-threads.ts';
import { waitingThread, waitingThreads } from '../../app/waiting.ts';
import { readMetadataQuery } from '../../domain/metadata-query.ts';
import type { Caller } from './access.ts';
import { BadRequest, NotFound } from './bad-request.ts';
import { cursorText, readCursor } from './cursor.ts';

export type Readings = {
  threads: ThreadReader;
  runs: RunReader;
  deployment: DeploymentReading;
  /** The state of the topics and of the tables. */
  standing: StandingReader;
  /** URL of a trace, with `{trace_id}` in it; null: there is no place to look at traces. */
  traceTemplate: string | null;
};

const WAITING_PER_PAGE = 20;
const RUNS_PER_PAGE = 100;
const ACTIVE_RUNS = 200;
const THREADS_PER_PAGE = 100;
const CHECKPOINTS_PER_PAGE = 50;
const EXECUTORS_SHOWN = 200;

/** A time in Postgres' notation. */
const timestamp = z.string().regex(/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d)*$/);
const placeOfThread = z.object({ threadId: z.string(), place: timestamp });
const placeOfRun = z.object({ runId: z.uuid(), endedAt: timestamp });

const placeOfSearch = z.discriminatedUnion('part', [
  z.strictObject({ part: z.literal('ids'), after: z.string() }),
  z.strictObject({ part: z.literal('lanes'), after: z.string() }),
  z.strictObject({ part: z.literal('ended'), before: placeOfRun.nullable() }),
]);
const threadStatus = z.enum(['idle', 'busy', 'interrupted', 'error']);

export function readApi({ threads, runs, deployment, standing, traceTemplate }: Readings): Hono<Caller> {
  return new Hono<Caller>()
    .get('/waiting', async (context) => {
      const after = readCursor(placeOfThread, context.req.query('after'));
      const { threads: found, next } = await waitingThreads({ threads, runs }, after, WAITING_PER_PAGE);
      return answer(context, { threads: found, next: next === null ? null : cursorText(next) });
    })
    .get('/lanes', async (context) => {
      const after = context.req.query('after') ?? null;
      return answer(context, await lanesPage({ threads, runs }, after, context.req.query('deep') === '1'));
    })
    .get('/runs', async (context) => {
      const before = readCursor(placeOfRun, context.req.query('before'));
      const page = await runs.ended(before, RUNS_PER_PAGE);
      const next = page.next === null ? null : cursorText(page.next);
      const unended = { statuses: ['running'] as const, endedSince: new Date(), limit: ACTIVE_RUNS };
      return answer(context, { running: before === null ? await runs.list(unended) : [], ended: page.runs, next });
    })
    .get('/run', async (context) => {
      const id = needed(context, 'id');
      const run = await runs.show(id.toLowerCase());
      if (run === null)
        throw new NotFound(`The ledger has no run ${id}. Ended runs leave it after RUNLANE_RETENTION_DAYS.`);
      const traceUrl = run.traceId === null ? null : (traceTemplate?.replaceAll('{trace_id}', run.traceId) ?? null);
      return answer(context, { ...run, traceUrl });
    })
    .get('/outcome', async (context) => {
      const run = await runs.show(needed(context, 'id').toLowerCase());
      return answer(context, { outcome: run === null ? null : outcomeOf(run) });
    })
    .get('/threads', async (context) => {
      const from = context.req.query('from') ?? '';
      const after = context.req.query('after') ?? null;
      const first = after === null && from !== '' ? await threads.show(from) : null;
      const place = after ?? from;
      const bounds = { lookLimit: THREADS_PER_PAGE, limit: THREADS_PER_PAGE };
      const { threads: found, next } = await threads.search(null, place === '' ? null : place, bounds);
      return answer(context, { threads: [...(first === null ? [] : [first]), ...found], next });
    })
    .get('/found-threads', async (context) => {
      const { status = '', graph = '', metadata = '', after } = context.req.query();
      const asked = threadStatus.nullable().safeParse(status === '' ? null : status);
      if (!asked.success) throw new BadRequest(`A thread is idle, busy, interrupted or error, and never ${status}.`);
      const read = readMetadataQuery(metadata);
      if (read.problem !== null) throw new BadRequest(read.problem);
      const query = { status: asked.data, graph: graph === '' ? null : graph, pairs: read.pairs };
      const page = await searchThreads({ threads, runs }, query, readCursor(placeOfSearch, after));
      return answer(context, { ...page, next: page.next === null ? null : cursorText(page.next) });
    })
    .get('/thread', async (context) => {
      const id = needed(context, 'id');
      const thread = await threads.show(id);
      if (thread === null)
        throw new NotFound(`The ledger has no thread ${id}. One is there once a run was accepted on it.`);
      const unended = { threadId: id, statuses: ['pending', 'running'] as const, endedSince: new Date() };
      const head = await threads.state(id, null);
      const written = await runs.these(head?.runId == null ? [] : [head.runId]);
      return answer(context, {
        thread,
        assistantId: written.get(head?.runId ?? '')?.assistantId ?? null,
        waiting: await waitingThread({ threads, runs }, id),
        unfinished: await runs.list({ ...unended, limit: RUNS_PER_PAGE }),
      });
    })
    .get('/history', async (context) => {
      const { run = null, before = null } = context.req.query();
      const selection = { limit: CHECKPOINTS_PER_PAGE, runId: run, before };
      const found = await threads.history(needed(context, 'thread'), selection);
      const last = found.length < CHECKPOINTS_PER_PAGE ? undefined : found.at(-1);
      return answer(context, { checkpoints: found, next: last?.checkpointId ?? null });
    })
    .get('/state', async (context) => {
      const thread = needed(context, 'thread');
      const state = await threads.state(thread, context.req.query('checkpoint') ?? null);
      if (state === null) throw new NotFound(`Thread ${thread} has no such checkpoint.`);
      return answer(context, state);
    })
    .get('/health', async (context) => {
      const [known, backlog, executors] = await Promise.all([
        deployment.standing(),
        deployment.backlog(),
        deployment.executors(EXECUTORS_SHOWN),
      ]);
      return answer(context, { standing: known, backlog, executors });
    })
    .get('/log-health', async (context) => answer(context, await standing.log()))
    .get('/schema-health', async (context) => answer(context, { checks: await standing.schemas() }));
}

/** The state of a run. */
export type Outcome = { status: RunStatus; why: string };

function outcomeOf(run: ShownRun): Outcome {
  return { status: run.status, why: run.events.at(-1)?.details.error?.message ?? run.reason ?? '' };
}

/** JSON in which large numbers are strings. */
export function answer(context: Context, value: unknown): Response {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return context.body(text, 200, { 'content-type': 'application/json; charset=utf-8' });
}

/** Thrown: BadRequest when the parameter is missing. */
export function needed(context: Context, name: string): string {
  const value = context.req.query(name);
  if (value === undefined || value === '') throw new BadRequest(`Say which: ${name} is missing.`);
  return value;
}
