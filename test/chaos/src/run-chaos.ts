/**
 * One chaos run: servers and services of its own, a workload and faults from the seed, then quiet until everything has ended,
 * and the verdict of the judges.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { DEAD_LETTER_HEADERS, groupNames, parseRunCancel, parseRunCreate } from '@runlane/contracts';
import { parseJson } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';
import type { EventCollector, TopicReader } from '@runlane/testkit';
import { OwnServers } from '../../e2e/src/faults/fault-servers.ts';
import { Proxy } from '../../e2e/src/faults/fault-proxy.ts';
import { WebhookReceiver } from '../../e2e/src/webhooks/webhook-receiver.ts';
import { MASTER_KEY, WebhookWorld } from '../../e2e/src/webhooks/webhook-world.ts';
import { audit } from './audit.ts';
import type { AuditVerdict } from './audit.ts';
import { planFaults } from './faults.ts';
import type { Fault, FaultKind } from './faults.ts';
import { Fleet } from './fleet.ts';
import type { History, LoggedRequest, Problem } from './history.ts';
import { hostileAnswer } from './hostile-receiver.ts';
import { judge } from './judge.ts';
import { ASKING_THREADS, planWorkload } from './workload.ts';
import type { Sent } from './workload.ts';

export type ChaosOptions = {
  seed: number;
  durationMs: number;
  /** Records a second. */
  rate: number;
  threads: number;
  kinds?: readonly FaultKind[];
  /** Takes the place of the faults that the seed gives. */
  faults?: readonly Fault[];
  /** Options of Node for the services, by which faults are planted into them. */
  nodeOptions?: readonly string[];
  /** How long everything may take to end, in milliseconds, on a quiet machine. */
  settleMs?: number;
  tell?: (line: string) => void;
};

/** What was done and seen. `startedMs`: Unix milliseconds of the first record. */
export type ChaosResult = {
  options: ChaosOptions;
  startedMs: number;
  sent: Sent[];
  faults: readonly Fault[];
  history: History;
  problems: Problem[];
};

const SETTLE_MS = 60_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const tell = options.tell ?? (() => undefined);
  await using resources = new AsyncDisposableStack();
  const servers = resources.use(await OwnServers.create());
  await servers.start();
  const honest = resources.use(await WebhookReceiver.start());
  const hostile = resources.use(await WebhookReceiver.start(hostileAnswer(options.seed), '127.0.0.2'));
  const world = resources.use(
    await WebhookWorld.create({
      brokers: servers.kafka.brokers,
      databaseUrl: servers.postgres.url,
      registryUrl: servers.registry.url,
    }),
  );
  await world.world.registerContracts();
  const proxy = resources.use(await Proxy.before(world.world.databaseUrl));
  const events = await world.world.collectEvents();
  const deadLetters = await world.world.readDeadLetters();
  const requests = await world.world.readRequests();
  const fleet = new Fleet(world, servers, proxy, environmentOf(honest, hostile), options.nodeOptions ?? []);
  await fleet.ready();

  const sent = planWorkload({ ...options, receivers: { honest: honest.origin, hostile: hostile.origin } });
  const faults = options.faults ?? planFaults(options.seed, options.durationMs, options.kinds);
  tell(`seed ${options.seed}: ${sent.length} records and ${faults.length} faults in ${options.durationMs / 1_000} s`);
  const startedMs = Date.now();
  await Promise.all([publishAll(world, sent), strikeAll(fleet, faults, tell)]);
  tell('quiet: waiting for everything to end');
  const unsettled = await settled(world, options.settleMs ?? SETTLE_MS, () => fleet.casualties());
  const history = await readHistory({
    world,
    fleet,
    events,
    deadLetters,
    requests,
    honest,
    faults,
    threads: options.threads,
  });
  const verdict = await audit(world.world, servers);
  const seen = [...unsettled, ...judge(history)];
  const problems = [...seen, ...disagreement(seen.length, verdict)];
  return { options, startedMs, sent, faults, history, problems };
}

function environmentOf(honest: WebhookReceiver, hostile: WebhookReceiver): Record<string, string> {
  return {
    RUNLANE_LOG_LEVEL: 'info',
    RUNLANE_LEASE_SECONDS: '5',
    RUNLANE_WEBHOOK_ALLOW: `${honest.origin},${hostile.origin}`,
    RUNLANE_DRAIN_GRACE_SECONDS: '5',
  };
}

/** By the clock, whatever is away: a producer waits for its broker, and late records are late. */
async function publishAll({ world }: WebhookWorld, sent: readonly Sent[]): Promise<void> {
  const startedMs = performance.now();
  for (const { atMs, key, value, headers } of sent) {
    const waitMs = atMs - (performance.now() - startedMs);
    if (waitMs > 0) await sleep(waitMs);
    let refusal: unknown = null;
    await eventually(
      async () => {
        try {
          await world.publish({ key, value: Buffer.from(value), headers });
          return true;
        } catch (error) {
          // Whether it was written is unknown: it is sent again, as a repeat of itself.
          refusal = error;
          return false;
        }
      },
      { what: 'the record is published', deadlineMs: 60_000, everyMs: 200, seen: () => String(refusal) },
    );
  }
}

async function strikeAll(fleet: Fleet, faults: readonly Fault[], tell: (line: string) => void): Promise<void> {
  const startedMs = performance.now();
  const striking: Promise<void>[] = [];
  for (const fault of faults) {
    const waitMs = fault.atMs - (performance.now() - startedMs);
    if (waitMs > 0) await sleep(waitMs);
    tell(`${(fault.atMs / 1_000).toFixed(1)} s: ${fault.kind} for ${fault.forMs} ms`);
    striking.push(fleet.strike(fault));
  }
  await Promise.all(striking);
}

/** Waits until no work is left; work that is left after that is a problem of its own. */
async function settled(world: WebhookWorld, deadlineMs: number, casualties: () => string[]): Promise<Problem[]> {
  let left: Record<string, number> = {};
  try {
    await eventually(
      async () => {
        const { rows } = await world.world.pool.query<Record<string, number>>(
          `select
             (select count(*) from runlane.runs where status in ('pending', 'running'))::integer as runs,
             (select count(*) from runlane.outbox where published_at is null)::integer as events,
             (select count(*) from runlane.dead_letters)::integer as dead_letters,
             (select count(*) from webhooks.deliveries where state = 'due' and run_id in (
               select run_id from runlane.runs where request->>'webhook' like 'http://127.0.0.1:%'
             ))::integer as deliveries`,
        );
        left = { ...rows[0], unread: (await isRead(world)) ? 0 : 1 };
        return Object.values(left).every((count) => count === 0);
      },
      { what: 'everything has ended', deadlineMs, everyMs: 500, seen: () => ({ left, casualties: casualties() }) },
    );
    return [];
  } catch (error) {
    return [{ law: 'I1', thread: null, what: error instanceof Error ? error.message : String(error) }];
  }
}

async function isRead(world: WebhookWorld): Promise<boolean> {
  const { topics, prefix } = world.world;
  const dispatchers = groupNames(prefix).webhookDispatcher;
  return (await world.world.hasReadAllRequests()) && (await world.world.hasReadAll(dispatchers, topics.status));
}

type Seen = {
  world: WebhookWorld;
  fleet: Fleet;
  events: EventCollector;
  deadLetters: TopicReader;
  requests: TopicReader;
  honest: WebhookReceiver;
  faults: readonly Fault[];
  threads: number;
};

async function readHistory(seen: Seen): Promise<History> {
  const { world } = seen.world;
  const isAll = async (topic: string, read: () => Promise<number> | number) =>
    (await read()) >= (await world.recordCount(topic));
  await eventually(() => isAll(world.topics.requests, () => seen.requests.records.length), {
    what: 'requests are read',
  });
  await eventually(() => isAll(world.topics.status, async () => (await seen.events.seen()).length), {
    what: 'events are read',
  });
  await eventually(() => isAll(world.topics.deadLetters, () => seen.deadLetters.records.length), {
    what: 'dead letters are read',
  });
  const saver = PostgresSaver.fromConnString(world.databaseUrl);
  const threads = [
    ...Array.from({ length: seen.threads }, (_, index) => `lane-${index + 1}`),
    ...Array.from({ length: ASKING_THREADS }, (_, index) => `asks-${index + 1}`),
  ];
  const states = new Map<string, Record<string, unknown> | null>();
  for (const thread_id of threads) {
    const tuple = await saver.getTuple({ configurable: { thread_id } });
    states.set(thread_id, tuple?.checkpoint.channel_values ?? null);
  }
  await saver.end();
  return {
    faultKinds: seen.faults.map(({ kind }) => kind),
    requests: seen.requests.records.map(requestOf),
    events: (await seen.events.seen()).map(({ record, event }) => ({
      bytes: record.value?.toString('base64') ?? '',
      event,
    })),
    deadLetters: seen.deadLetters.records.map(({ headers }) =>
      [DEAD_LETTER_HEADERS.partition, DEAD_LETTER_HEADERS.offset]
        .map((name) => String(headers.get(name)?.[0] ?? ''))
        .join('/'),
    ),
    effects: world.sideEffects(),
    silences: seen.fleet.silences,
    states,
    deliveries: {
      honest: seen.honest.requests.map((request) => deliveryOf(seen.honest, request)),
      honestOrigin: seen.honest.origin,
    },
  };
}

function requestOf(record: TopicReader['records'][number]): LoggedRequest {
  const { partition, offset, value, headers } = record;
  const isCancel = String(headers.get('ce_type')?.[0] ?? '') === 'run.cancel';
  return { partition, offset, isCancel, body: value === null ? null : bodyOf(value, isCancel) };
}

function bodyOf(value: Buffer, isCancel: boolean): Record<string, unknown> | null {
  try {
    const json = parseJson(value);
    const { kind } = isCancel ? parseRunCancel(json) : parseRunCreate(json);
    return kind === 'ok' ? (json as Record<string, unknown>) : null;
  } catch {
    // What is no JSON is no request.
    return null;
  }
}

function deliveryOf(receiver: WebhookReceiver, request: WebhookReceiver['requests'][number]) {
  const { event } = request;
  let isSigned = true;
  try {
    receiver.verify(request, MASTER_KEY);
  } catch {
    isSigned = false;
  }
  return { isSigned, eventId: event.event_id, runId: event.run_id, sequence: event.sequence, type: event.type };
}

/** The operators' audit must come to the same verdict. */
function disagreement(problemCount: number, verdict: AuditVerdict): Problem[] {
  if ((problemCount === 0) === (verdict.findings.length === 0)) return [];
  const what = `the judges found ${problemCount} problems, and runlane audit ${verdict.findings.length}`;
  return [{ law: 'audit', thread: null, what: `${what}: ${JSON.stringify(verdict.findings.slice(0, 3))}` }];
}
