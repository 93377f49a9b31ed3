/** The runs of a usual day: the demo's, and what users get wrong. */
import { fileURLToPath } from 'node:url';
import { RunEvents, RunPublisher } from '@runlane/client';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { runCreate } from '../../../e2e/src/support/world.ts';
import { WEBHOOKS_ALLOWED } from '../stage.ts';
import type { Stage } from '../stage.ts';

const DEMO = fileURLToPath(new URL('../../../../infra/demo/langgraph.json', import.meta.url));

export type Deployment = { demo: ServiceProcess; graphs: ServiceProcess; dispatcher: ServiceProcess };

/** Two run-consumers, of which one has the demo's graphs and one those of the tests, and a webhook-dispatcher. */
export async function startDeployment({ webhooks }: Stage): Promise<Deployment> {
  const graphs = webhooks.world.runConsumer(WEBHOOKS_ALLOWED);
  const demo = webhooks.world.runConsumer({
    ...WEBHOOKS_ALLOWED,
    LANGGRAPH_CONFIG: DEMO,
    RUNLANE_MAX_CONCURRENT_RUNS: '2',
  });
  const [dispatcher] = await Promise.all([webhooks.started(), graphs.ready(), demo.ready()]);
  return { demo, graphs, dispatcher };
}

/** Resolves when all of it has happened, and more runs wait for a place than there are places. */
export async function liveADay({ servers, webhooks, receiver }: Stage): Promise<void> {
  const { world } = webhooks;
  const place = { brokers: servers.kafka.brokers, topicPrefix: world.prefix };
  await using events = await RunEvents.open(place);
  await using publisher = new RunPublisher(place);
  const webhook = receiver.url('/hook');
  const of = (assistant_id: string, input: unknown, more = {}) => ({
    thread_id: `day ${assistant_id}`,
    assistant_id,
    input,
    webhook,
    ...more,
  });
  const say = (content: string) => of('chat', { messages: [{ role: 'user', content }] });
  const asked = await publisher.createBatch([
    say('Hello'),
    of('worker', { steps: 3, delay_ms: 300 }),
    of('approval', { recipient: 'Ada', occasion: 'your birthday' }),
    say('What did I say?'),
    of('tooled', { messages: [] }),
    of('thrower', {}),
    of('nobody', {}),
  ]);
  const ended = await Promise.all(asked.map((run) => events.waitFor(run, { timeoutMs: 120_000 })));
  const paused = ended.find(({ type }) => type === 'run.paused');
  if (paused === undefined)
    throw new Error(`The run of approval ended: ${JSON.stringify(ended.map(({ type }) => type))}`);
  const answered = await publisher.resume(paused as { thread_id: string; assistant_id: string }, { approved: true });
  await events.waitFor(answered, { timeoutMs: 120_000 });
  const [long] = await publisher.createBatch([of('worker', { steps: 100, delay_ms: 300 })]);
  if (long === undefined) throw new Error('The long run is gone.');
  await publisher.cancel({ thread_id: 'day worker' });
  await events.waitFor(long, { timeoutMs: 120_000 });
  await world.publish({ ...runCreate('day invalid'), value: null });
  const waits = (index: number) => ({ ...of('worker', { steps: 100, delay_ms: 3_000 }), thread_id: `waits ${index}` });
  await publisher.createBatch(Array.from({ length: 8 }, (_, index) => waits(index)));
  const isDelivered = async () => (await webhooks.deliveries()).every(({ state }) => state !== 'due');
  await eventually(isDelivered, { what: 'every webhook has come', deadlineMs: 60_000 });
}
