/**
 * I7 for commands: wherever the process dies, and dies again, the next attempt ends as if it had not, and asks nothing
 * that was answered and answers nothing that was not asked. Real: Postgres, LangGraph, the saver. Doubled: the death,
 * by commits that fail from some point on. Decides: the outcome and the rows, compared with those of an undisturbed
 * attempt.
 */
import type { Json } from '@runlane/contracts';
import { Cancelled } from '../../../domain/abort-reasons.ts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Outcome } from '../../../domain/run.ts';
import { labelsOf } from './attempts.fixture.ts';
import { CommandRuns, questionsOf } from './command-runs.fixture.ts';
import type { CommandThread } from './command-runs.fixture.ts';

let runs: CommandRuns;
beforeAll(async () => {
  runs = await CommandRuns.create(inject('databaseUrl'));
});
afterAll(() => runs[Symbol.asyncDispose]());

type Request = Record<string, Json>;
type Case = {
  name: string;
  begin: () => Promise<CommandThread>;
  request: (thread: CommandThread) => Request;
  /** LangGraph makes two checkpoints of one step here, and going on from the first one it leaves the second out. */
  mayLeaveOneOut?: true;
};

async function answered(graph: string, ...answers: Json[]): Promise<CommandThread> {
  const thread = await runs.paused(graph);
  for (const answer of answers) await thread.resume(answer);
  return thread;
}

const cases: Case[] = [
  {
    name: 'one answer for two nodes',
    begin: () => runs.paused('parallel'),
    request: () => ({ command: { resume: 'a' } }),
  },
  {
    name: 'answers by id for two nodes',
    begin: () => runs.paused('parallel'),
    request: (thread) => ({ command: { resume: { [thread.idOf('free?')]: 1, [thread.idOf('gated?')]: 2 } } }),
  },
  {
    name: 'an answer by id for one of two nodes',
    begin: () => runs.paused('parallel'),
    request: (thread) => ({ command: { resume: { [thread.idOf('free?')]: 1 } } }),
  },
  {
    name: 'an answer to a node that asks again',
    begin: () => runs.paused('twice'),
    request: () => ({ command: { resume: 1 } }),
  },
  {
    name: 'an answer by id to a node that asks again',
    begin: () => runs.paused('twice'),
    request: (thread) => ({ command: { resume: { [thread.idOf('first?')]: 1 } } }),
  },
  {
    name: 'the second answer to a node that asked again',
    begin: () => answered('twice', 1),
    request: () => ({ command: { resume: 2 } }),
  },
  {
    name: 'one answer for a node and a subgraph that asks again',
    begin: () => runs.paused('nested'),
    request: () => ({ command: { resume: 'a' } }),
  },
  {
    name: 'the last answer to a subgraph',
    begin: () => answered('nested', 'a'),
    request: () => ({ command: { resume: 'b' } }),
  },
  {
    name: 'an answer and an update',
    begin: () => runs.paused('parallel'),
    request: () => ({ command: { resume: 'a', update: { labels: ['new'] } } }),
  },
  {
    name: 'an answer, an update and a goto',
    begin: () => runs.paused('parallel'),
    request: () => ({ command: { resume: 'a', update: { labels: ['new'] }, goto: 'aside' } }),
  },
  {
    name: 'an update up to a breakpoint',
    begin: () => runs.paused('parallel'),
    request: () => ({
      command: { resume: 'a', update: { labels: ['new'] }, goto: 'aside' },
      interrupt_before: ['joined'],
    }),
  },
  {
    name: 'an update of a pause up to a breakpoint',
    begin: () => runs.paused('parallel'),
    request: () => ({ command: { update: { labels: ['new'] }, goto: 'joined' }, interrupt_after: ['joined'] }),
  },
  {
    name: 'a goto up to a breakpoint',
    begin: async () => {
      const thread = runs.thread('lane');
      await thread.run({ input: { label: 'a', ms: 0 } });
      return thread;
    },
    request: () => ({ command: { update: { labels: ['new'] }, goto: 'first' }, interrupt_before: ['second'] }),
  },
  {
    name: 'an update of a paused thread',
    begin: () => runs.paused('twice'),
    request: () => ({ command: { update: { labels: ['new'] } } }),
  },
  {
    name: 'a goto on a finished thread',
    begin: () => answered('parallel', 'a'),
    request: () => ({ command: { goto: ['aside', 'joined'] } }),
  },
  {
    name: 'a goto to a node with a breakpoint, which LangGraph passes',
    begin: async () => {
      const thread = runs.thread('lane');
      // Long enough for the goto to be durable before the node is.
      await thread.run({ input: { label: 'a', ms: 20 } });
      return thread;
    },
    request: () => ({ command: { goto: 'first' }, interrupt_before: ['first'] }),
  },
  {
    name: 'a goto with an input on an empty thread',
    begin: async () => runs.thread('parallel'),
    request: () => ({ command: { goto: { node: 'joined', input: { labels: [] } }, update: { labels: ['new'] } } }),
  },
  {
    name: 'an answer at an earlier pause',
    begin: async () => {
      const thread = await runs.paused('twice');
      const pause = thread.head;
      await thread.run({ input: { labels: ['instead'] } });
      return Object.assign(thread, { pause });
    },
    request: (thread) => ({ command: { resume: 1 }, checkpoint_id: 'pause' in thread ? String(thread.pause) : '' }),
  },
  {
    name: 'an update at an earlier pause',
    mayLeaveOneOut: true,
    begin: async () => {
      const thread = await runs.paused('twice');
      const pause = thread.head;
      await thread.run({ input: { labels: ['instead'] } });
      return Object.assign(thread, { pause });
    },
    request: (thread) => ({
      command: { update: { labels: ['branch'] } },
      checkpoint_id: 'pause' in thread ? String(thread.pause) : '',
    }),
  },
];

const summaryOf = (outcome: Outcome) => ({
  kind: outcome.kind,
  labels: labelsOf(outcome),
  questions: questionsOf(outcome),
  next: 'head' in outcome ? outcome.head?.next : null,
});

/**
 * The rows of a thread without what differs from run to run, and without LangGraph's notes of which interrupts a command
 * answered, which stand under the interrupts' ids and give no task anything.
 */
async function shapeOf({ threadId }: CommandThread): Promise<unknown> {
  const select = async (text: string) => (await runs.attempts.pool.query(text, [threadId])).rows;
  return {
    checkpoints: await select(
      `select metadata ->> 'source' as source, metadata ->> 'step' as step, checkpoint_ns = '' as is_root, count(*)::int
       from checkpoints where thread_id = $1 group by 1, 2, 3 order by 1, 2, 3`,
    ),
    writes: await select(
      `select channel, idx, checkpoint_ns = '' as is_root, encode(blob, 'escape') as value, count(*)::int
       from checkpoint_writes
       where thread_id = $1 and channel not in ('__interrupt__', '__pregel_tasks') and task_id !~ '^[0-9a-f]{32}$'
       group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
    ),
  };
}

describe.each(['sync', 'async', 'exit'])('I7 (%s): a death leaves no trace of', (durability) => {
  test.each(cases)('$name', async ({ begin, request, mayLeaveOneOut = false }) => {
    const { attempts } = runs;
    const undisturbed = await begin();
    const expected = summaryOf(await undisturbed.run({ ...request(undisturbed), durability }));
    expect(expected.kind).not.toBe('failed');
    const rows = await shapeOf(undisturbed);

    for (let count = 0, died = true; died; count += 1) {
      const thread = await begin();
      const run = await thread.claim({ ...request(thread), durability });
      died = (await attempts.execute(run, { write: attempts.dyingAfter(count).write })).kind === 'failed';
      const second = await attempts.rows.claimAgain(run);
      await attempts.execute(second, { write: attempts.dyingAfter(count % 3).write });
      const third = await attempts.execute(await attempts.rows.claimAgain(second));
      expect(summaryOf(third), `death after ${count} writes`).toEqual(expected);
      // Otherwise a superstep's writes may be there before its checkpoint is.
      const isSame = durability === 'sync' && !mayLeaveOneOut;
      expect(isSame ? await shapeOf(thread) : rows, `death after ${count} writes`).toEqual(rows);
      expect(count).toBeLessThan(40);
    }
  });
});

describe.each(['sync', 'async', 'exit'])(
  'a command (%s) that is cancelled when it is started again after a death',
  (durability) => {
    const commands: Record<string, Json>[] = [
      { resume: 'a', update: { labels: ['new'] } },
      { update: { labels: ['new'] }, goto: 'aside' },
    ];
    test.each(commands)('reports the state of the thread, and nothing twice: %j', async (command) => {
      const { attempts } = runs;
      for (let count = 0, died = true; died; count += 1) {
        const thread = await runs.paused('parallel');
        const run = await thread.claim({ command, durability });
        died = (await attempts.execute(run, { write: attempts.dyingAfter(count).write })).kind === 'failed';
        const second = await attempts.rows.claimAgain(run);
        const cancelled = await attempts.execute(second, {
          abort: AbortSignal.abort(new Cancelled({ action: 'interrupt' })),
        });
        const labels = labelsOf(cancelled) ?? [];
        expect(labels[0], `death after ${count} writes`).toBe('in');
        expect(labels, `death after ${count} writes`).toEqual([...new Set(labels)]);
        expect(count).toBeLessThan(40);
      }
    });
  },
);

test('I12: a command that was drained before its first superstep is applied by the next start', async () => {
  const { attempts } = runs;
  const thread = await runs.paused('parallel');
  const run = await thread.claim({ command: { resume: 'a', update: { labels: ['new'] } } });
  const drained = await attempts.execute(run, { drain: AbortSignal.abort() });
  expect(drained).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  const next = await attempts.execute(await attempts.rows.claimAgain(run));
  expect(labelsOf(next)).toEqual(['in', 'new', 'free? "a"', 'gated? "a"', 'joined']);
});

test('a resume that was never written is checked by the attempt that comes after a death', async () => {
  const { attempts } = runs;
  const thread = await answered('parallel', 'a');
  const run = await thread.claim({ command: { resume: 'b' } });
  const second = await attempts.execute(await attempts.rows.claimAgain(run));
  expect(second).toMatchObject({ kind: 'failed', reason: 'nothing_to_resume' });
});

test('I3: an attempt that has lost its run undoes nothing', async () => {
  const { attempts } = runs;
  const thread = await runs.paused('twice');
  const run = await thread.claim({ command: { resume: 1 } });
  await attempts.execute(run);
  const old = await attempts.rows.claimAgain(run);
  await attempts.rows.claimAgain(old);
  const before = await shapeOf(thread);
  expect(await attempts.execute(old)).toEqual({ kind: 'lease_lost' });
  expect(await shapeOf(thread)).toEqual(before);
});
