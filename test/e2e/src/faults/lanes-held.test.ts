/**
 * I3, I9: the next run of a lane begins when all code of the run before has ended, although LangGraph gives up an
 * aborted graph while its code goes on. Real: Kafka, Postgres, the process and its graphs. Decides: what the graphs
 * note outside of Runlane, in order.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const KINDS = ['plain', 'chain', 'configuredSubgraph', 'byHand', 'ownClass', 'tools', 'functional'];
const FILE = fileURLToPath(new URL('../../../graphs/src/kinds-of-node.ts', import.meta.url));

test('the run that takes the place of another begins after its code has ended', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'runlane-held-'));
  const config = join(directory, 'langgraph.json');
  writeFileSync(config, JSON.stringify({ graphs: Object.fromEntries(KINDS.map((kind) => [kind, `${FILE}:${kind}`])) }));
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  await world.runConsumer({ LANGGRAPH_CONFIG: config }).ready();

  const lanes = KINDS.map((kind) => ({
    kind,
    ids: [randomUUID(), randomUUID()] as const,
    gates: [join(directory, `${kind}-first`), join(directory, `${kind}-second`)] as const,
  }));
  const hasNoted = (gate: string, at: string) =>
    world.sideEffects().some((effect) => effect.run_id === gate && effect.at === at);
  for (const { kind, ids, gates } of lanes) {
    await world.publish(runCreate(kind, { assistant_id: kind, run_id: ids[0], input: { gate: gates[0] } }));
  }
  for (const { kind, gates } of lanes) {
    await eventually(() => hasNoted(gates[0], 'start'), { what: `the first run of ${kind} executes` });
  }
  for (const { kind, ids, gates } of lanes) {
    const input = { gate: gates[1] };
    const request = { assistant_id: kind, run_id: ids[1], multitask_strategy: 'interrupt', input };
    await world.publish(runCreate(kind, request));
    writeFileSync(gates[1], '');
  }
  // Another partition may be read sooner: a run that ends before it is asked to stop keeps its end.
  for (const { ids } of lanes) await events.first(ids[1], 'run.pending');
  // By then the others would have begun if they did not wait.
  const measure = randomUUID();
  const open = join(directory, 'measure');
  writeFileSync(open, '');
  await world.publish(runCreate('measure', { assistant_id: 'plain', run_id: measure, input: { gate: open } }));
  expect((await events.terminal(measure)).type).toBe('run.succeeded');
  for (const { gates } of lanes) writeFileSync(gates[0], '');

  for (const { kind, ids, gates } of lanes) {
    const graph = { graph_id: kind };
    expect(await events.terminal(ids[0])).toMatchObject({ ...graph, type: 'run.interrupted', superseded_by: ids[1] });
    expect(await events.terminal(ids[1])).toMatchObject({ ...graph, type: 'run.succeeded' });
    const order = world.sideEffects().filter(({ run_id: gate }) => gate === gates[0] || gate === gates[1]);
    const of = (gate: string, at: string) => order.findIndex((effect) => effect.run_id === gate && effect.at === at);
    // A thread that was ended with its node, on a slow machine, has noted no end.
    expect([kind, of(gates[1], 'start') > Math.max(0, of(gates[0], 'end'))]).toEqual([kind, true]);
  }
  rmSync(directory, { recursive: true });
});
