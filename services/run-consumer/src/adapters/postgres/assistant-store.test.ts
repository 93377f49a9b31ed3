/**
 * Assistants and their versions through the use case that the command line calls. Real: Postgres, and the
 * admission that reads them. Decides: the verdicts, and what an admitted run has in its row.
 */
import { randomUUID } from 'node:crypto';
import { assistantIdOfGraph } from '@runlane/contracts';
import type { JsonObject } from '@runlane/contracts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAssistants } from '../../assistants.ts';
import type { Assistants } from '../../assistants.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';

const GRAPHS = ['chat', 'worker'];

let world: LedgerWorld;
let assistants: Assistants;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
  assistants = openAssistants(world.rows.database, GRAPHS);
});
afterAll(() => world[Symbol.asyncDispose]());

describe('creating', () => {
  test('stores a first version under the given id or a new one, with its keys in their order', async () => {
    const id = randomUUID();
    const context = { z: 1, a: { y: [1], b: null } };
    const request = { assistant_id: id.toUpperCase(), graph_id: 'chat', metadata: { team: 'a' }, context };
    const created = await assistants.create(request);
    expect(created).toEqual({
      kind: 'created',
      assistant: {
        assistantId: id,
        version: 1,
        graphId: 'chat',
        name: 'chat',
        description: null,
        metadata: { team: 'a' },
        config: null,
        context,
      },
    });
    expect(JSON.stringify(created)).toContain('"context":{"z":1,"a":{"y":[1],"b":null}}');
    expect(await assistants.create({ graph_id: 'chat' })).toMatchObject({
      assistant: { assistantId: expect.stringMatching(/^[0-9a-f-]{36}$/), version: 1 },
    });
  });

  test('leaves an existing assistant alone', async () => {
    const id = await create({ metadata: { of: 'the first' } });
    expect(await assistants.create({ assistant_id: id, graph_id: 'worker' })).toEqual({
      kind: 'exists',
      message: expect.stringContaining(id),
    });
    expect(await admittedWith(id)).toMatchObject({ graph_id: 'chat', metadata: { of: 'the first' } });
  });

  test('is refused under the id of a graph, and with a configuration that no run could use', async () => {
    const id = assistantIdOfGraph('worker').toUpperCase();
    expect(await assistants.create({ assistant_id: id, graph_id: 'chat' })).toEqual({
      kind: 'invalid',
      problems: [expect.stringMatching(/^assistant_id: is the id of the assistant of graph worker/)],
    });
    expect(await assistants.create({ graph_id: 'gone', config: { configurable: { run_id: 1 } } })).toEqual({
      kind: 'invalid',
      problems: [expect.stringMatching(/^graph_id: /), expect.stringMatching(/^config\.configurable: sets run_id/)],
    });
    expect(await assistants.create({ graph: 'chat' })).toMatchObject({ kind: 'invalid' });
  });
});

describe('updating', () => {
  test('adds a version that is active, and runs that were admitted before keep the old one', async () => {
    const id = await create({ config: { configurable: { colour: 'red' } }, metadata: { team: 'a' } });
    const before = await admittedWith(id);
    const update = { graph_id: 'worker', config: { configurable: { colour: 'blue' } }, metadata: { cost: 1 } };
    expect(await assistants.update(id.toUpperCase(), update)).toMatchObject({
      kind: 'changed',
      assistant: { version: 2, graphId: 'worker', metadata: { team: 'a', cost: 1 } },
    });

    expect(await admittedWith(id)).toMatchObject({
      graph_id: 'worker',
      metadata: { team: 'a', cost: 1 },
      request: { config: { configurable: { colour: 'blue' } } },
    });
    expect(await rowOf(before.run_id)).toEqual(before);
    expect(before).toMatchObject({ graph_id: 'chat', request: { config: { configurable: { colour: 'red' } } } });
  });

  test('gives each of many updates at once a version, and loses none', async () => {
    const id = await create({});
    const members = Array.from({ length: 8 }, (_, index) => `m${index}`);
    const changed = await Promise.all(members.map((member) => assistants.update(id, { metadata: { [member]: true } })));

    const versions = changed.map((verdict) => (verdict.kind === 'changed' ? verdict.assistant.version : verdict.kind));
    expect(new Set(versions)).toEqual(new Set([2, 3, 4, 5, 6, 7, 8, 9]));
    expect((await admittedWith(id)).metadata).toEqual(Object.fromEntries(members.map((member) => [member, true])));
  });

  test('is refused when the version would be invalid, and changes nothing', async () => {
    const id = await create({ config: { configurable: { colour: 'red' } } });
    expect(await assistants.update(id, { context: { user: 'u' } })).toEqual({
      kind: 'invalid',
      problems: [expect.stringMatching(/^context: cannot be combined with/)],
    });
    expect(await assistants.update(id, { metadata: { a: 1 } })).toMatchObject({ assistant: { version: 2 } });
  });

  test.each([randomUUID(), 'chat', ''])('of an assistant that nobody created (%j) is unknown', async (id) => {
    expect(await assistants.update(id, {})).toEqual({ kind: 'unknown', message: expect.stringContaining(id) });
  });
});

describe('activating', () => {
  test('returns to an earlier version, and the next update is based on that, under a new number', async () => {
    const id = await create({ context: { user: 'one' } });
    await assistants.update(id, { context: { user: 'two' }, name: 'Two' });
    expect(await assistants.activate(id, 1)).toMatchObject({
      kind: 'changed',
      assistant: { version: 1, name: 'chat' },
    });
    expect((await admittedWith(id)).request.context).toEqual({ user: 'one' });
    expect(await assistants.update(id, { description: 'Of the first.' })).toMatchObject({
      assistant: { version: 3, name: 'chat', context: { user: 'one' } },
    });
    expect(await assistants.activate(id, 2)).toMatchObject({ assistant: { name: 'Two' } });
    expect((await admittedWith(id)).request.context).toEqual({ user: 'two' });
  });

  test.each([0, 2, 1.5, 2 ** 40, Number.NaN])('of a version that does not exist (%j) is unknown', async (version) => {
    const id = await create({});
    expect(await assistants.activate(id, version)).toMatchObject({ kind: 'unknown' });
    expect(await assistants.activate('chat', 1)).toMatchObject({ kind: 'unknown' });
  });

  test('is refused for a version whose graph no longer exists', async () => {
    const id = await create({});
    await assistants.update(id, { graph_id: 'worker' });
    const withoutChat = openAssistants(world.rows.database, ['worker']);
    expect(await withoutChat.activate(id, 1)).toMatchObject({
      kind: 'invalid',
      problems: [expect.stringMatching(/no graph chat/)],
    });
    expect(await admittedWith(id)).toMatchObject({ graph_id: 'worker' });
  });
});

test('a request with an unknown assistant is rejected, and one with an assistant that was just created is not', async () => {
  const id = randomUUID();
  expect(await admittedWith(id)).toMatchObject({ status: 'rejected', reason: 'unknown_assistant', assistant_id: id });
  await assistants.create({ assistant_id: id, graph_id: 'worker' });
  expect(await admittedWith(id)).toMatchObject({ status: 'pending', assistant_id: id, graph_id: 'worker' });
});

test('a request that is read again is the same, although the assistant has changed', async () => {
  const id = await create({ context: { user: 'one' } });
  const request = { assistant_id: id, thread_id: randomUUID(), run_id: randomUUID() };
  await world.admit([{ create: request }]);
  await assistants.update(id, { context: { user: 'two' } });
  const { report } = await world.admit([{ create: request }]);
  expect(report).toMatchObject({ admittedCount: 0, rejected: [], repeatCount: 1 });
  expect((await rowOf(request.run_id)).request.context).toEqual({ user: 'one' });
});

async function create(content: JsonObject): Promise<string> {
  const created = await assistants.create({ graph_id: 'chat', ...content });
  if (created.kind !== 'created') throw new Error(JSON.stringify(created));
  return created.assistant.assistantId;
}

type Row = {
  run_id: string;
  status: string;
  reason: string | null;
  assistant_id: string;
  graph_id: string;
  metadata: object;
  request: { config: object | null; context: object | null };
};

/** The row of a run that names the assistant, admitted now on a thread of its own. */
async function admittedWith(assistantId: string): Promise<Row> {
  const { runIds } = await world.admit([{ create: { thread_id: randomUUID(), assistant_id: assistantId } }]);
  return rowOf(runIds[0] ?? '');
}

async function rowOf(runId: string): Promise<Row> {
  const { rows } = await world.rows.pool.query<Row>(
    `select run_id, status, reason, assistant_id, graph_id, metadata, request from runlane.runs where run_id = $1`,
    [runId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`No run ${runId}.`);
  return row;
}
