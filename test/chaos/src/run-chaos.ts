/**
 * One chaos run: servers and services of its own, a workload and faults from the seed, then quiet until everything has ended,
 * and the verdict of the judges.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { DEAD_LETTER_HEADERS, parseRunCancel, parseRunCreate } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
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
import { SILENT_PATH } from './history.ts';
import type { History, LoggedRequest, Problem } from './history.ts';
import { HonestReceiver } from './honest-receiver.ts';
import { DeniedAddress, hostileAnswer } from './hostile-receiver.ts';
import { judge, unjudged } from './judge.ts';
import { ASKING_THREADS, URL_TOKEN, planWorkload } from './workload.ts';
import type { PutBack } from './put-back.ts';
import { unsettled } from './settling.ts';
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
  /** For how long nothing may change before everything has ended, in milliseconds, on a quiet machine. */
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

const SETTLE_MS = 45_000;
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const tell = options.tell ?? (() => undefined);
  await using resources = new AsyncDisposableStack();
  const servers = resources.use(await OwnServers.create());
  await servers.start();
  const denied = resources.use(await DeniedAddress.listen());
  const honest = resources.use(await HonestReceiver.start());
  const hostile = resources.use(await WebhookReceiver.start(hostileAnswer(options.seed, denied.origin), '127.0.0.2'));
  const world = resources.use(
    await WebhookWorld.create({
      brokers: servers.kafka.brokers,
      databaseUrl: servers.postgres.url,
      registryUrl: servers.registry.url,
    }),
  );
  await world.world.registerContracts();
  const proxyBefore = async (url: string) => resources.use(await Proxy.before(url));
  const proxies = {
    postgres: await proxyBefore(world.world.databaseUrl),
    kafka: await Promise.all(servers.kafka.brokers.map((broker) => proxyBefore(`tcp://${broker}`))),
  };
  const events = await world.world.collectEvents();
  const deadLetters = await world.world.readDeadLetters();
  const requests = await world.world.readRequests();
  const gate = world.world.gate();
  const environment = { CHAOS_GATE: gate.file, ...environmentOf(honest, hostile) };
  const fleet = new Fleet(world, servers, proxies, environment, options.nodeOptions ?? []);
  await fleet.ready();

  const receivers = {
    honest: honest.origin,
    silent: `${honest.origin}${SILENT_PATH}`,
    hostile: hostile.origin,
    denied: denied.origin,
  };
  const sent = planWorkload({ ...options, receivers });
  const faults = options.faults ?? planFaults(options.seed, options.durationMs, options.kinds);
  tell(`seed ${options.seed}: ${sent.length} records and ${faults.length} faults in ${options.durationMs / 1_000} s`);
  const startedMs = Date.now();
  await Promise.all([publishAll(world, sent), strikeAll(fleet, faults, tell)]);
  tell('quiet: waiting for everything to end');
  const settling = { world, deadlineMs: options.settleMs ?? SETTLE_MS, casualties: () => fleet.casualties() };
  const early = await unsettled('others', settling);
  const stuckCount = stuckRuns(world);
  const { silentCount } = honest;
  gate.open();
  honest.release();
  const late = await unsettled('all', settling);
  const isHeldUp = early !== null && late === null;
  const history = await readHistory({
    world,
    fleet,
    events,
    deadLetters,
    requests,
    honest,
    faults,
    threads: options.threads,
    denied,
    stuck: { heldUp: isHeldUp ? [early] : [], stuckCount, silentCount },
  });
  const verdict = await audit(world.world, servers, fleet.putBacks);
  const left = late === null ? [] : [{ law: 'I1', thread: null, what: late }];
  const seen = [...left, ...judge(history)];
  const problems = [...seen, ...disagreement(seen.length, verdict, history.putBackCount), ...unjudged(history)];
  return { options, startedMs, sent, faults, history, problems };
}

function environmentOf(honest: HonestReceiver, hostile: WebhookReceiver): Record<string, string> {
  return {
    RUNLANE_LOG_LEVEL: 'info',
    // A process that gets a few percent of a core renews it in time.
    RUNLANE_LEASE_SECONDS: '10',
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

/** How many runs have begun to be stuck. */
function stuckRuns(world: WebhookWorld): number {
  const stuck = world.world.sideEffects().filter(({ node, at }) => node === 'stuck' && at === 'alive');
  return new Set(stuck.map(({ run_id: id }) => id)).size;
}

type Seen = {
  world: WebhookWorld;
  fleet: Fleet;
  events: EventCollector;
  deadLetters: TopicReader;
  requests: TopicReader;
  honest: HonestReceiver;
  denied: DeniedAddress;
  faults: readonly Fault[];
  threads: number;
  stuck: Pick<History, 'heldUp' | 'stuckCount' | 'silentCount'>;
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
  const events = (await seen.events.seen()).map(({ record, event }) => ({
    bytes: record.value?.toString('base64') ?? '',
    event,
  }));
  return {
    faultKinds: seen.faults.map(({ kind }) => kind),
    requests: seen.requests.records.map(requestOf),
    events,
    forgotten: forgottenOf(events, seen.fleet.putBacks),
    putBackCount: seen.fleet.putBacks.length,
    deadLetters: seen.deadLetters.records.map(({ headers }) =>
      [DEAD_LETTER_HEADERS.partition, DEAD_LETTER_HEADERS.offset]
        .map((name) => String(headers.get(name)?.[0] ?? ''))
        .join('/'),
    ),
    effects: world.sideEffects(),
    silences: seen.fleet.silences,
    states,
    deliveries: { honest: seen.honest.deliveries, honestOrigin: seen.honest.origin },
    deniedConnections: seen.denied.connectionCount,
    deniedOrigin: seen.denied.origin,
    secrets: new Map([
      ['the master key', MASTER_KEY],
      ['the password of the database', new URL(world.databaseUrl).password],
      ['the URL of a webhook', URL_TOKEN],
    ]),
    told: await seen.fleet.told(),
    ...seen.stuck,
  };
}

/** Of the time before the ledger was put back, those that it does not have any more. */
function forgottenOf(events: History['events'], putBacks: readonly PutBack[]): Set<string> {
  const isForgotten = ({ event_id: id, occurred_at: at }: RunStatusEvent) =>
    putBacks.some(({ untilMs, kept }) => Date.parse(at) <= untilMs && !kept.has(id));
  return new Set(events.flatMap(({ event }) => (isForgotten(event) ? [event.event_id] : [])));
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

/**
 * The operators' audit must come to the same verdict. Of overlaps it cannot once the ledger was put back: it is told of one time
 * that was forgotten, from the earliest to the latest, and passes over ends in between that the ledger still has.
 */
function disagreement(problemCount: number, verdict: AuditVerdict, putBackCount: number): Problem[] {
  const findings = verdict.findings.filter((line) => putBackCount === 0 || !line.includes('"finding":"overlapping"'));
  if ((problemCount === 0) === (findings.length === 0)) return [];
  const what = `the judges found ${problemCount} problems, and runlane audit ${findings.length}`;
  return [{ law: 'audit', thread: null, what: `${what}: ${JSON.stringify(findings.slice(0, 3))}` }];
}
