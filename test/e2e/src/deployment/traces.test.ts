/**
 * The trace of a run from its producer to its webhook. Real: Kafka, Postgres, both services as processes, LangGraph,
 * OpenTelemetry. Doubled: the collector of traces, which is somebody else's service. Decides: the spans that it gets,
 * and the headers of events and webhooks.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { OtlpReceiver, eventually } from '@runlane/testkit';
import type { EventCollector, LogLine, ReceivedSpan, ServiceProcess } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld } from '../webhooks/webhook-world.ts';
import { World, runCreate } from '../support/world.ts';

const resources = new AsyncDisposableStack();
let webhooks: WebhookWorld;
let collector: OtlpReceiver;
let receiver: WebhookReceiver;
let events: EventCollector;
/** Has a process, its threads too, say on standard error which modules of OpenTelemetry it asks for; prom-client always has its API. */
const TELL_MODULES = [
  `--import=data:text/javascript,${encodeURIComponent(
    `import { registerHooks } from 'node:module';
     import { writeSync } from 'node:fs';
     registerHooks({ resolve(specifier, context, next) {
       if (specifier.startsWith('@opentelemetry/') && !context.parentURL.includes('/prom-client/')) writeSync(2, 'asks for ' + specifier + '\\n');
       return next(specifier, context);
     } });`,
  )}`,
];
/** run-consumer and webhook-dispatcher, which log everything. */
const services: ServiceProcess[] = [];

beforeAll(async () => {
  collector = resources.use(await OtlpReceiver.start());
  receiver = resources.use(await WebhookReceiver.start());
  webhooks = resources.use(
    await WebhookWorld.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') }),
  );
  events = await webhooks.world.collectEvents();
  const allow = { RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' };
  const consumer = webhooks.world.runConsumer({ ...collector.environment, ...allow }, TELL_MODULES);
  const [dispatcher] = await Promise.all([webhooks.started(collector.environment), consumer.ready()]);
  services.push(consumer, dispatcher);
}, 120_000);
afterAll(() => resources.disposeAsync());

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const newTrace = (flags: '00' | '01') => ({ traceId: hex(16), spanId: hex(8), flags });
const textOf = ({ traceId, spanId, flags }: ReturnType<typeof newTrace>) => `00-${traceId}-${spanId}-${flags}`;

/** Publishes a request and resolves when its webhook has come. */
async function runTraced(
  graph: string,
  trace: ReturnType<typeof newTrace>,
): Promise<{ runId: string; webhook: string }> {
  const runId = randomUUID();
  const threadId = `thread of ${runId}`;
  const request = { run_id: runId, assistant_id: graph, input: { messages: [] }, webhook: receiver.url(`/${runId}`) };
  await webhooks.world.publish({ ...runCreate(threadId, request), headers: { traceparent: textOf(trace) } });
  const sent = await eventually(() => receiver.requests.find(({ event }) => event.run_id === runId), {
    what: 'the webhook has come',
    seen: () => webhooks.complaints(),
  });
  return { runId, webhook: String(sent.headers['traceparent']) };
}

/** The names of a trace, each under that of its parent, in the order in which they began. */
function treeOf(spans: readonly ReceivedSpan[], parentSpanId: string): unknown[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .toSorted((one, other) => one.startMs - other.startMs || (one.name < other.name ? -1 : 1))
    .map((span) => {
      const children = treeOf(spans, span.spanId);
      return children.length === 0 ? span.name : [span.name, children];
    });
}

test('a run is one trace from its producer to its webhook, with supersteps, nodes, models and tools', async () => {
  const trace = newTrace('01');
  const { runId, webhook } = await runTraced('tooled', trace);
  const ofTrace = () => collector.spans.filter(({ traceId }) => traceId === trace.traceId);
  await eventually(() => ofTrace().length === 16, {
    what: 'every span has come',
    seen: () => ofTrace().map((s) => s.name),
  });

  const topic = webhooks.world.topics.requests;
  expect(treeOf(ofTrace(), trace.spanId)).toEqual([
    [
      `process ${topic}`,
      expect.arrayContaining([
        'publish run.pending',
        'publish run.running',
        [
          'invoke_agent tooled',
          [
            ['superstep 1', [['node agent', ['chat m-2']]]],
            ['superstep 2', [['node tools', expect.toSatisfy(isBothTools)]]],
            ['superstep 3', [['node agent', ['chat m-2']]]],
          ],
        ],
        ['publish run.succeeded', ['POST webhook']],
      ]),
    ],
  ]);
  const named = (name: string) => ofTrace().find((span) => span.name === name);
  expect(named('invoke_agent tooled')).toMatchObject({
    service: 'runlane.run-consumer',
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'tooled',
      'gen_ai.usage.input_tokens': 40,
      'gen_ai.usage.output_tokens': 10,
      'runlane.run.id': runId,
      'runlane.attempt': 1,
      'runlane.outcome': 'succeeded',
    },
  });
  expect(named('chat m-2')?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'test',
    'gen_ai.request.model': 'm-2',
    'gen_ai.response.model': 'm-2',
    'gen_ai.usage.input_tokens': 20,
    'gen_ai.usage.output_tokens': 5,
  });
  expect(named('execute_tool weather')?.attributes).toMatchObject({ 'gen_ai.tool.call.id': 'call weather' });
  expect(named(`process ${topic}`)?.attributes).toMatchObject({ 'messaging.system': 'kafka', 'runlane.run.id': runId });
  const sent = named('POST webhook');
  expect(sent).toMatchObject({
    service: 'runlane.webhook-dispatcher',
    attributes: { 'server.address': '127.0.0.1', 'http.response.status_code': 204 },
  });
  // Whoever receives it goes on from there; and the path of the URL, which is a secret, is in no span.
  expect(webhook).toBe(`00-${trace.traceId}-${sent?.spanId}-01`);
  expect(JSON.stringify(ofTrace())).not.toContain(`/${runId}`);

  const published = (await events.seen())
    .filter(({ event }) => event.run_id === runId)
    .map(({ record }) => String(record.headers.get('traceparent')?.at(-1)));
  const publishing = ofTrace().filter(({ name }) => name.startsWith('publish '));
  expect(published.toSorted()).toEqual(publishing.map(({ spanId }) => `00-${trace.traceId}-${spanId}-01`).toSorted());
});

test('the span of a node that throws has the class of its error, and nothing of its message', async () => {
  const trace = newTrace('01');
  await runTraced('thrower', trace);
  const failed = () => collector.spans.filter(({ traceId, hasFailed }) => traceId === trace.traceId && hasFailed);
  await eventually(() => failed().some(({ name }) => name.startsWith('invoke_agent')), { what: 'the attempt is told' });
  await eventually(() => failed().length === 2, { what: 'the node is told too', seen: () => failed() });
  for (const { attributes } of failed()) expect(attributes['error.type']).toMatch(/^\w+$/);
});

test('the id of a trace that its producer does not sample goes on to the webhook, and no collector gets the trace', async () => {
  const unkept = newTrace('00');
  const { webhook } = await runTraced('tooled', unkept);
  expect(webhook).toMatch(new RegExp(`^00-${unkept.traceId}-[0-9a-f]{16}-00$`));
  // One that is kept, and comes later: by then the other one would be there.
  const kept = newTrace('01');
  await runTraced('tooled', kept);
  const seen = (id: string) => collector.spans.filter(({ traceId }) => traceId === id).length;
  await eventually(() => seen(kept.traceId) === 16, {
    what: 'the later trace has come',
    seen: () => seen(kept.traceId),
  });
  expect(seen(unkept.traceId)).toBe(0);
});

const TOOLS = new Set(['execute_tool weather', 'execute_tool time']);

function isBothTools(names: unknown): boolean {
  return Array.isArray(names) && names.length === 2 && new Set(names).isSupersetOf(TOOLS);
}

/** Lines of the log since the service was started. */
const linesOf = (service: ServiceProcess | undefined): LogLine[] => service?.logs ?? [];

test('a failed run has one complete line at the level error, and every other line about a run has its trace', async () => {
  const trace = newTrace('01');
  const { runId } = await runTraced('thrower', trace);
  const [consumer, dispatcher] = services;
  const about = () => linesOf(consumer).filter(({ run_id }) => run_id === runId);
  await eventually(() => about().some(({ msg }) => msg === 'run.attempted'), {
    what: 'the end of the attempt is logged',
  });
  expect(about().filter(({ msg }) => msg === 'run.attempted')).toEqual([
    expect.objectContaining({
      level: 'error',
      thread_id: `thread of ${runId}`,
      trace_id: trace.traceId,
      graph_id: 'thrower',
      attempt: 1,
      outcome: 'failed',
      reason: 'graph_error',
      error: { error: 'RangeError', message: '' },
      at: expect.stringMatching(/thrower\.ts:8:/),
    }),
  ]);
  const isComplete = (line: LogLine) => line['trace_id'] === trace.traceId && typeof line['thread_id'] === 'string';
  expect(about().filter((line) => !isComplete(line))).toEqual([]);
  const sent = () => linesOf(dispatcher).filter(({ msg, run_id }) => msg === 'webhook.attempted' && run_id === runId);
  await eventually(() => sent().length > 0, { what: 'the webhook is logged' });
  expect(sent()).toEqual([expect.objectContaining({ level: 'debug', trace_id: trace.traceId, result: 'delivered' })]);
});

test('a run that is rejected for a mistake has a line at the level error, and one that asked for the rejection has none', async () => {
  const trace = newTrace('01');
  const [runId, threadId] = [randomUUID(), randomUUID()];
  const headers = { traceparent: textOf(trace) };
  const mistaken = runCreate(threadId, { run_id: runId, assistant_id: 'nobody' });
  const asked = runCreate(threadId, { if_not_exists: 'reject' });
  await webhooks.world.publish({ ...mistaken, headers }, { ...asked, headers });
  const rejected = () =>
    linesOf(services[0]).filter(({ msg, thread_id }) => msg === 'run.rejected' && thread_id === threadId);
  await eventually(() => rejected().length === 2, { what: 'both are logged' });
  expect(rejected()).toEqual([
    expect.objectContaining({
      level: 'error',
      run_id: runId,
      trace_id: trace.traceId,
      assistant_id: 'nobody',
      reason: 'unknown_assistant',
      error: { error: 'unknown_assistant', message: expect.stringContaining('nobody') },
    }),
    expect.objectContaining({ level: 'info', trace_id: trace.traceId, reason: 'thread_not_found' }),
  ]);
});

test('without traces nothing of OpenTelemetry is loaded, by the service or by a thread of its graphs', async () => {
  expect(services[0]?.stderr).toContain('asks for @opentelemetry/');
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const untraced = world.runConsumer({}, TELL_MODULES);
  const runId = randomUUID();
  await world.publish(runCreate('untraced', { run_id: runId, assistant_id: 'tooled', input: { messages: [] } }));
  const attempts = () => untraced.logged('run.attempted').filter(({ run_id }) => run_id === runId);
  await eventually(() => attempts().length > 0, { what: 'a run has ended', seen: () => untraced.stderr });
  expect(attempts()).toEqual([expect.objectContaining({ outcome: 'succeeded' })]);
  expect(untraced.stderr).not.toContain('asks for');
});

test('every line of a log is an event with fields in snake_case', async () => {
  await runTraced('tooled', newTrace('01'));
  const lines = services.flatMap(linesOf);
  expect(lines.length).toBeGreaterThan(50);
  const named = /^[a-z_]+\.[a-z_]+(: .+)?$/s;
  expect(
    lines.filter(({ level, time }) => !/^(debug|info|warn|error)$/.test(level ?? '') || typeof time !== 'string'),
  ).toEqual([]);
  const keys = new Set(lines.flatMap((line) => Object.keys(line)));
  expect([...keys].filter((key) => !/^[a-z][a-z\d_]*$/.test(key))).toEqual([]);
  expect(new Set(lines.map(({ msg }) => msg ?? '').filter((msg) => !named.test(msg)))).toEqual(new Set());
});
