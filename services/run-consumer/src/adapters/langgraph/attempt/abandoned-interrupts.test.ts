/**
 * What a run does with questions that are open on its thread. Real: Postgres, LangGraph. Doubled: admission; the death
 * of the process, by commits that fail. Decides: the outcome.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ClaimedRun } from '../../../domain/run.ts';
import { CommandRuns, questionsOf } from './command-runs.fixture.ts';

let runs: CommandRuns;
beforeAll(async () => {
  runs = await CommandRuns.create(inject('databaseUrl'));
});
afterAll(() => runs[Symbol.asyncDispose]());

const onPaused = (run: ClaimedRun): ClaimedRun => ({ ...run, restingStatus: 'interrupted' });

test('a run with a new input reports the questions that it abandons, also when its process dies on the way', async () => {
  const thread = await runs.paused('parallel');
  const ids = ['free?', 'gated?'].map((question) => thread.idOf(question)).toSorted();
  const run = onPaused(await thread.claim({ input: { labels: ['instead'] }, durability: 'sync' }));
  // Its input is written.
  await runs.attempts.execute(run, { write: runs.attempts.dyingAfter(1).write });
  const outcome = await runs.attempts.execute(await runs.attempts.rows.claimAgain(run));
  expect(outcome.kind).toBe('paused');
  expect(outcome.report?.abandonedInterrupts.toSorted()).toEqual(ids);
});

test('when one of several questions was answered, only the others are abandoned', async () => {
  const thread = await runs.paused('parallel');
  const open = thread.idOf('gated?');
  await thread.resume({ [thread.idOf('free?')]: 1 });
  const run = onPaused(await thread.claim({ input: { labels: ['instead'] } }));
  expect((await runs.attempts.execute(run)).report?.abandonedInterrupts).toEqual([open]);
});

test('an answer abandons no question, nor does an input on an idle thread', async () => {
  const thread = await runs.paused('pause');
  const answer = onPaused(await thread.claim({ command: { resume: 'yes' } }));
  expect((await runs.attempts.execute(answer)).report).toBeUndefined();
  await runs.attempts.rows.settle(answer);
  const next = await thread.claim({ input: { question: 'again' } });
  expect((await runs.attempts.execute(next)).report).toBeUndefined();
});

test('a run that does not permit the status of its thread ends before it begins, and the question stays', async () => {
  const thread = await runs.paused('pause');
  const stray = onPaused(await thread.claim({ input: { question: 'stray' }, if_thread_status: ['idle', 'busy'] }));
  expect(await runs.attempts.execute(stray)).toMatchObject({
    kind: 'failed',
    reason: 'thread_status',
    error: { error: 'thread_status', thread_status: 'interrupted' },
    head: null,
  });
  await runs.attempts.rows.settle(stray);
  const answered = await thread.resume('yes');
  expect([answered.kind, questionsOf(answered)]).toEqual(['succeeded', []]);
});

test('a run that has begun goes on, whatever the status of its thread: it was checked when its turn came', async () => {
  const thread = await runs.paused('parallel');
  const run = onPaused(
    await thread.claim({ input: { labels: ['in'] }, if_thread_status: ['interrupted'], durability: 'sync' }),
  );
  await runs.attempts.execute(run, { write: runs.attempts.dyingAfter(1).write });
  const again = { ...(await runs.attempts.rows.claimAgain(run)), restingStatus: 'error' as const };
  expect((await runs.attempts.execute(again)).kind).toBe('paused');
});
