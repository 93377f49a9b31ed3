/**
 * An agent that was stopped in the middle of a tool call can be used again, as README says. Real: langchain, Kafka,
 * Postgres. Doubled: the model, which refuses a conversation with an unanswered call, as those of providers do.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { World, runCancel, runCreate } from '../../e2e/src/support/world.ts';
import { CASES } from './cases.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-trouble-'));
const effectsFile = join(directory, 'effects.jsonl');
let world: World;
let events: EventCollector;

beforeAll(async () => {
  const config = join(directory, 'langgraph.json');
  writeFileSync(config, JSON.stringify({ graphs: { agent: `${CASES}held-tool/graph.ts:graph` } }));
  writeFileSync(effectsFile, '');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  await world.runConsumer({ LANGGRAPH_CONFIG: config, ZOO_EFFECTS: effectsFile }).ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

type Thread = { id: string; before: RunStatusEvent; stopped: RunStatusEvent; gate: string };

const user = (content: string) => ({ role: 'user', content });

async function run(thread: string, request: Record<string, unknown>): Promise<RunStatusEvent> {
  const runId = randomUUID();
  await world.publish(runCreate(thread, { assistant_id: 'agent', run_id: runId, input: undefined, ...request }));
  return events.terminal(runId);
}

/** A thread with a turn that went well, and one whose tool is executing. */
async function heldInTool(): Promise<Omit<Thread, 'stopped'> & { runId: string }> {
  const [id, runId] = [randomUUID(), randomUUID()];
  const gate = join(directory, runId);
  const before = await run(id, { input: { messages: [user('hello')] } });
  const input = { messages: [user(gate)] };
  await world.publish(runCreate(id, { assistant_id: 'agent', run_id: runId, input }));
  await eventually(() => readFileSync(effectsFile, 'utf8').includes(gate), { what: 'the tool executes' });
  return { id, runId, before, gate };
}

/** The same, stopped by a cancel. */
async function stoppedInTool(action: 'interrupt' | 'rollback'): Promise<Thread> {
  const { id, runId, before, gate } = await heldInTool();
  await world.publish(runCancel(id, { run_id: runId, action }));
  return { id, before, stopped: await events.terminal(runId), gate };
}

/** The same, stopped by a new turn with these messages. */
async function supersede(
  strategy: 'interrupt' | 'rollback',
  messages: object[],
): Promise<Thread & { next: RunStatusEvent }> {
  const { id, runId, before, gate } = await heldInTool();
  const next = await run(id, { input: { messages }, multitask_strategy: strategy });
  return { id, before, gate, next, stopped: await events.terminal(runId) };
}

/** Texts of the conversation. */
function textsOf({ values }: RunStatusEvent): string[] {
  return (values as { messages: { content: string }[] }).messages.map(({ content }) => content);
}

test('its event says where it stopped, and the model refuses a turn that ignores the open call', async () => {
  const { id, stopped, gate } = await stoppedInTool('interrupt');
  expect(stopped).toMatchObject({ type: 'run.interrupted', thread_status: 'interrupted', next: ['tools'] });
  expect(textsOf(stopped)).toEqual(['hello', 'saw 1', gate, '']);
  const next = await run(id, { input: { messages: [user('and now?')] } });
  expect(next).toMatchObject({
    type: 'run.failed',
    error: { message: expect.stringContaining('must be followed by tool messages') as string },
  });
});

test('a rollback leaves the thread as it was, and the next turn goes on', async () => {
  const { id, stopped } = await stoppedInTool('rollback');
  expect(stopped.type).toBe('run.rolled_back');
  const next = await run(id, { input: { messages: [user('and now?')] } });
  expect(next.type).toBe('run.succeeded');
  expect(textsOf(next)).toEqual(['hello', 'saw 1', 'and now?', 'saw 3']);
});

test('a run without input goes on with the call', async () => {
  const { id, gate } = await stoppedInTool('interrupt');
  writeFileSync(gate, '');
  const next = await run(id, { input: null });
  expect(next.type).toBe('run.succeeded');
  expect(textsOf(next)).toEqual(['hello', 'saw 1', gate, '', 'held', 'saw 5']);
});

test('a turn that answers the open call goes on', async () => {
  const { id, gate } = await stoppedInTool('interrupt');
  const answer = { role: 'tool', tool_call_id: 'call_hold', content: 'stopped by the user' };
  const next = await run(id, { input: { messages: [answer, user('and now?')] } });
  expect(next.type).toBe('run.succeeded');
  expect(textsOf(next)).toEqual(['hello', 'saw 1', gate, '', 'stopped by the user', 'and now?', 'saw 6']);
});

test('a turn from the checkpoint before goes on without the call', async () => {
  const { id, before } = await stoppedInTool('interrupt');
  const next = await run(id, { checkpoint_id: before.checkpoint_id, input: { messages: [user('and now?')] } });
  expect(next.type).toBe('run.succeeded');
  expect(textsOf(next)).toEqual(['hello', 'saw 1', 'and now?', 'saw 3']);
});

describe('a new turn that supersedes the one in its tool', () => {
  const answer = { role: 'tool', tool_call_id: 'call_hold', content: 'stopped by the user' };

  test('and ignores the open call is refused by the model', async () => {
    const { next, stopped } = await supersede('interrupt', [user('and now?')]);
    expect(stopped).toMatchObject({ type: 'run.interrupted', reason: 'superseded', superseded_by: next.run_id });
    expect(next).toMatchObject({
      type: 'run.failed',
      error: { message: expect.stringContaining('must be followed by tool messages') as string },
    });
  });

  test('and answers the open call goes on', async () => {
    const { next, gate } = await supersede('interrupt', [answer, user('and now?')]);
    expect(next.type).toBe('run.succeeded');
    expect(textsOf(next)).toEqual(['hello', 'saw 1', gate, '', 'stopped by the user', 'and now?', 'saw 6']);
  });

  test('and rolls it back goes on without the call', async () => {
    const { next, stopped } = await supersede('rollback', [user('and now?')]);
    expect(stopped).toMatchObject({ type: 'run.rolled_back', reason: 'superseded', superseded_by: next.run_id });
    expect(next.type).toBe('run.succeeded');
    expect(textsOf(next)).toEqual(['hello', 'saw 1', 'and now?', 'saw 3']);
  });
});
