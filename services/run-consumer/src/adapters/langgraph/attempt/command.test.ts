/**
 * What a command does to a thread, and which ones are refused. Real: Postgres, LangGraph, the saver.
 * Decides: the outcome of the run, and what the next run of the thread finds.
 */
import type { Json } from '@runlane/contracts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { labelsOf } from './attempts.fixture.ts';
import { CommandRuns, questionsOf } from './command-runs.fixture.ts';

let runs: CommandRuns;
beforeAll(async () => {
  runs = await CommandRuns.create(inject('databaseUrl'));
});
afterAll(() => runs[Symbol.asyncDispose]());

const nothingToResume = (message: RegExp) => ({
  kind: 'failed',
  reason: 'nothing_to_resume',
  error: { message: expect.stringMatching(message) },
});

describe('resume', () => {
  test.each<Json>(['yes', false, 0, '', {}, [], { a: null }, [1, 'x']])('%j is an answer', async (answer) => {
    const thread = runs.thread('pause');
    await thread.run({ input: { question: 'why' } });
    expect(await thread.resume(answer)).toMatchObject({ kind: 'succeeded', head: { values: { answer } } });
  });

  test('with one answer gives parallel questions the same answer', async () => {
    const thread = await runs.paused('parallel');
    const outcome = await thread.resume('a');
    expect(outcome.kind).toBe('succeeded');
    expect(labelsOf(outcome)).toEqual(['in', 'free? "a"', 'gated? "a"', 'joined']);
  });

  test('by id answers one of two; the other one stays pending', async () => {
    const thread = await runs.paused('parallel');
    const other = thread.idOf('gated?');
    const first = await thread.resume({ [thread.idOf('free?')]: 1 });
    expect(first).toMatchObject({ kind: 'paused', head: { next: ['gated'], interrupts: [{ id: other }] } });
    const second = await thread.resume({ [other]: 2 });
    expect(labelsOf(second)).toEqual(['in', 'free? 1', 'gated? 2', 'joined']);
  });

  test('goes to the question that is pending, one after the other', async () => {
    const thread = await runs.paused('twice');
    const first = await thread.resume('1');
    expect(first.kind).toBe('paused');
    expect(questionsOf(first)).toEqual(['second?']);
    // Runs without an answer find none that was left behind.
    expect(questionsOf(await thread.run({ input: null }))).toEqual(['second?']);
    expect(labelsOf(await thread.resume('2'))).toEqual(['in', 'first? "1"', 'second? "2"', 'after']);
  });

  test('reaches a subgraph, whose questions have their ids in the parent', async () => {
    const thread = await runs.paused('nested');
    const first = await thread.resume({ [thread.idOf('one?')]: 1 });
    expect(questionsOf(first)).toEqual(['two?', 'gated?']);
    const second = await thread.resume({ [thread.idOf('two?')]: 2 });
    expect(questionsOf(second)).toEqual(['gated?']);
    expect(labelsOf(await thread.resume(3))).toEqual(['in', 'gated? 3', 'one? 1', 'two? 2']);
  });

  test('with one answer goes into a subgraph once, and not on to its next question', async () => {
    const thread = await runs.paused('nested');
    expect(questionsOf(await thread.resume('a'))).toEqual(['two?']);
  });

  test.each(['sync', 'async', 'exit'])('works with durability %s', async (durability) => {
    const thread = runs.thread('twice');
    await thread.run({ input: { labels: ['in'] }, durability });
    expect(questionsOf(await thread.resume('1', { durability }))).toEqual(['second?']);
    expect(labelsOf(await thread.resume('2', { durability }))).toEqual(['in', 'first? "1"', 'second? "2"', 'after']);
  });

  test('stops at a breakpoint behind the answers', async () => {
    const thread = await runs.paused('parallel');
    const outcome = await thread.resume('a', { interrupt_before: ['joined'] });
    expect(outcome).toMatchObject({ kind: 'paused', head: { next: ['joined'], interrupts: [] } });
  });

  test('at the head by its checkpoint_id is the same', async () => {
    const thread = await runs.paused('twice');
    expect(questionsOf(await thread.resume('1', { checkpoint_id: thread.head }))).toEqual(['second?']);
  });

  test('at an earlier pause by its checkpoint_id starts a branch there', async () => {
    const thread = await runs.paused('parallel');
    const pause = thread.head;
    await thread.run({ input: { labels: ['instead'] } });
    const outcome = await thread.resume('late', { checkpoint_id: pause });
    expect(labelsOf(outcome)).toEqual(['in', 'free? "late"', 'gated? "late"', 'joined']);
  });
});

describe('a pause', () => {
  test('reports all questions together, those of a subgraph too', async () => {
    const thread = runs.thread('nested');
    const outcome = await thread.run({ input: { labels: [] } });
    expect(outcome).toMatchObject({ kind: 'paused', head: { next: ['inner', 'gated'] } });
    expect(questionsOf(outcome)).toEqual(['one?', 'gated?']);
    expect(thread.idOf('one?')).not.toBe(thread.idOf('gated?'));
  });

  test('at a breakpoint comes before questions of the same superstep', async () => {
    const thread = runs.thread('parallel');
    const stopped = await thread.run({ input: { labels: [] }, interrupt_before: ['gated'] });
    expect(stopped).toMatchObject({ kind: 'paused', head: { next: ['free', 'gated'], interrupts: [] } });
    expect(questionsOf(await thread.run({ input: null }))).toEqual(['free?', 'gated?']);
  });
});

describe('resume is refused', () => {
  test('on an empty thread', async () => {
    const thread = runs.thread('pause');
    expect(await thread.resume('x')).toMatchObject(
      nothingToResume(/no interrupt is pending on thread .* Send an input/),
    );
  });

  test('on a finished thread', async () => {
    const thread = await runs.paused('parallel');
    await thread.resume('a');
    expect(await thread.resume('b')).toMatchObject(nothingToResume(/no interrupt is pending/));
    expect(await thread.resume(false)).toMatchObject(nothingToResume(/no interrupt is pending/));
  });

  test('on a thread that stopped at a breakpoint, and says how to go on', async () => {
    const thread = runs.thread('lane');
    await thread.run({ input: { label: 'a', ms: 0 }, interrupt_before: ['second'] });
    expect(await thread.resume('x')).toMatchObject(
      nothingToResume(/stopped before second: send no input and no command/),
    );
    expect(labelsOf(await thread.run({ input: null }))).toEqual(['a:first', 'a:second']);
  });

  test('at a named checkpoint whose questions were answered', async () => {
    const thread = await runs.paused('parallel');
    const pause = thread.head;
    await thread.resume('a');
    expect(await thread.resume('b', { checkpoint_id: pause })).toMatchObject(
      nothingToResume(/on checkpoint .* First send the checkpoint_id with no input and no command/),
    );
    // Which is good advice.
    expect(questionsOf(await thread.run({ input: null, checkpoint_id: pause }))).toEqual(['free?', 'gated?']);
  });

  test('when an id was answered, or never asked, also beside one that is pending', async () => {
    const thread = await runs.paused('parallel');
    const [free, gated] = [thread.idOf('free?'), thread.idOf('gated?')];
    const never = '0'.repeat(32);
    expect(await thread.resume({ [never]: 1 })).toMatchObject(nothingToResume(new RegExp(`${never}, which is not`)));
    expect(await thread.resume({ [free]: 1, [never]: 1 })).toMatchObject(nothingToResume(/which is not pending/));
    await thread.run({ input: null });
    await thread.resume({ [free]: 1 });
    const refused = await thread.resume({ [free]: 'again' });
    expect(refused).toMatchObject(nothingToResume(new RegExp(`${free}, which is not .* Pending: ${gated}`)));
    expect(labelsOf(await thread.resume({ [gated]: 2 }))).toEqual(['in', 'free? 1', 'gated? 2', 'joined']);
  });

  test('with the id of an earlier question when the node asks again', async () => {
    const thread = await runs.paused('twice');
    const first = thread.idOf('first?');
    await thread.resume({ [first]: 1 });
    expect(await thread.resume({ [first]: 2 })).toMatchObject(nothingToResume(/which is not pending/));
  });
});

describe('update and goto', () => {
  test.each<{ update: Json }>([{ update: { labels: ['new'] } }, { update: [['labels', ['new']]] }])(
    '$update changes the state of a paused thread, whose question is asked again',
    async ({ update }) => {
      const thread = await runs.paused('twice');
      const old = thread.idOf('first?');
      const outcome = await thread.run({ command: { update } });
      expect(labelsOf(outcome)).toEqual(['in', 'new']);
      expect(questionsOf(outcome)).toEqual(['first?']);
      expect(thread.idOf('first?')).not.toBe(old);
      expect(await thread.resume({ [old]: 1 })).toMatchObject(nothingToResume(/which is not pending/));
    },
  );

  test('together with an answer are both applied', async () => {
    const thread = await runs.paused('parallel');
    const outcome = await thread.run({ command: { resume: 'a', update: { labels: ['new'] }, goto: 'aside' } });
    expect(labelsOf(outcome)).toEqual(['in', 'new', 'aside', 'free? "a"', 'gated? "a"', 'joined']);
  });

  test('a goto runs the node on a finished thread, and what follows it', async () => {
    const thread = await runs.paused('parallel');
    await thread.resume('a');
    const outcome = await thread.run({ command: { goto: ['aside', 'joined'] } });
    expect(labelsOf(outcome)?.slice(-2)).toEqual(['aside', 'joined']);
  });

  test('a goto with an input gives the node its own', async () => {
    const thread = runs.thread('lane');
    await thread.run({ input: { label: 'old', ms: 0 } });
    const goto = [
      { node: 'second', input: { label: 'sent', ms: 0 } },
      { node: 'second', input: { label: 'too', ms: 0 } },
    ];
    const outcome = await thread.run({ command: { goto } });
    expect(labelsOf(outcome)).toEqual(['old:first', 'old:second', 'sent:second', 'too:second']);
  });

  test('on an empty thread start its graph', async () => {
    const thread = runs.thread('lane');
    const seeded = await thread.run({ command: { update: { label: 'seed', ms: 0 } } });
    expect(seeded).toMatchObject({ kind: 'succeeded', head: { values: { label: 'seed' }, next: [] } });
    expect(labelsOf(await thread.run({ command: { goto: 'second' } }))).toEqual(['seed:second']);
  });

  test('at an earlier checkpoint start a branch there', async () => {
    const thread = await runs.paused('twice');
    const pause = thread.head;
    await thread.resume('1');
    await thread.resume('2');
    const outcome = await thread.run({ command: { update: { labels: ['branch'] } }, checkpoint_id: pause });
    expect(labelsOf(outcome)).toEqual(['in', 'branch']);
    expect(questionsOf(outcome)).toEqual(['first?']);
  });

  test.each<Json>(['nowhere', ['joined', 'nowhere'], { node: 'nowhere', input: {} }, '__end__', '__start__'])(
    'a goto to %j is refused',
    async (goto) => {
      const thread = await runs.paused('parallel');
      expect(await thread.run({ command: { resume: 'a', goto } })).toMatchObject({
        kind: 'failed',
        reason: 'unknown_node',
        error: { message: expect.stringMatching(/^command.goto names \w+. Nodes: free, gated, joined, aside.$/) },
      });
      expect((await thread.resume('a')).kind).toBe('succeeded');
    },
  );

  test.each<Json>([
    { lables: [] },
    [
      ['labels', []],
      ['lables', 1],
    ],
    { __pregel_tasks: [] },
    { 'branch:to:joined': 1 },
  ])('an update of %j is refused, which LangGraph would drop', async (update) => {
    const thread = await runs.paused('parallel');
    expect(await thread.run({ command: { update } })).toMatchObject({
      kind: 'failed',
      reason: 'graph_error',
      error: { message: expect.stringMatching(/^command.update names .*. Keys of the state: labels, gate.$/) },
    });
  });

  test('without a checkpointer work as well', async () => {
    const thread = runs.thread('lane');
    const run = await thread.claim({ command: { update: { label: 'x', ms: 0 }, goto: 'second' } });
    const outcome = await runs.attempts.execute({ ...run, isTemporary: true });
    expect(labelsOf(outcome)).toEqual(['x:second']);
  });
});
