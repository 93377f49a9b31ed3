import type { Part, Proof } from '@runlane/prove-deploy';
import { eventually } from '@runlane/testkit';
import { WEBHOOKS_ALLOWED, openStage } from '../stage.ts';
import { pythonProducer } from './python-producer.ts';
import { startTracePrograms } from './trace-programs.ts';
import { TraceStore, byName, countOf, textOf } from './trace-store.ts';
import type { Seen } from './trace-store.ts';

/** One trace leads from a producer in Python over a collector into a trace store. */
export const tracesPart: Part = {
  name: 'traces',
  what: 'a producer in Python, an agent with two tools and a webhook are one trace in a trace store, behind a collector',
  limitMs: 45 * 60_000,
  prove,
};

const [CONSUMER, DISPATCHER] = ['runlane.run-consumer', 'runlane.webhook-dispatcher'];

async function prove(proof: Proof): Promise<void> {
  const produce = await pythonProducer(proof);
  const { collectorUrl, storeUrl } = await startTracePrograms(proof);
  const { servers, webhooks, receiver } = await openStage(proof);
  const { world } = webhooks;
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl };
  const consumer = world.runConsumer({ ...environment, ...WEBHOOKS_ALLOWED });
  await Promise.all([consumer.ready(), webhooks.started(environment)]);

  const shop = {
    OTEL_SERVICE_NAME: 'shop',
    KAFKA_BROKERS: servers.kafka.brokers.join(),
    RUNLANE_TOPIC_PREFIX: world.prefix,
  };
  const order = {
    thread_id: 'order-1',
    assistant_id: 'tooled',
    input: { messages: [] },
    webhook: receiver.url('/hook'),
  };
  const { runId, traceId } = await produce({ ...environment, ...shop }, order);
  const store = new TraceStore(storeUrl);
  let seen: Seen[] = [];
  await eventually(async () => countOf((seen = await store.trace(traceId))) >= SPANS, {
    what: `the trace store has the ${SPANS} spans of the trace`,
    deadlineMs: 120_000,
    everyMs: 500,
    seen: () => `${textOf(seen)}${JSON.stringify(webhooks.complaints())}`,
  });
  const text = textOf(seen);
  if (textOf(byName(seen)) !== expected(world.topics.requests)) {
    throw new Error(`The trace store shows another trace:\n${text}`);
  }
  proof.proved(`the trace store, asked for the trace of the producer, shows\n${text}`);

  const found = await store.find(CONSUMER, { 'runlane.run.id': runId });
  if (found.join() !== traceId) throw new Error(`Asked for the run ${runId}, it finds: ${found.join()}`);
  const [webhook] = receiver.requests.filter(({ event }) => event.run_id === runId);
  if (webhook?.headers['traceparent']?.includes(traceId) !== true) throw new Error('The webhook has another trace.');
  proof.proved('asked for the run by its id, it finds this trace alone; the webhook came with it');
}

/** Siblings by name. */
const expected = (topic: string): string => `shop: POST /orders
  shop: send run
    ${CONSUMER}: process ${topic}
      ${CONSUMER}: invoke_agent tooled
        ${CONSUMER}: superstep 1
          ${CONSUMER}: node agent
            ${CONSUMER}: chat m-2
        ${CONSUMER}: superstep 2
          ${CONSUMER}: node tools
            ${CONSUMER}: execute_tool time
            ${CONSUMER}: execute_tool weather
        ${CONSUMER}: superstep 3
          ${CONSUMER}: node agent
            ${CONSUMER}: chat m-2
      ${CONSUMER}: publish run.pending
      ${CONSUMER}: publish run.running
      ${CONSUMER}: publish run.succeeded
        ${DISPATCHER}: POST webhook
`;

const SPANS = expected('').trim().split('\n').length;
