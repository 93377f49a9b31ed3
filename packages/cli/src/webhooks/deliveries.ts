/** `webhooks deliveries`, `webhooks endpoints` and `webhooks quarantine`: what webhook-dispatcher's ledger has. */
import { groupNames, isUuid, topicNames } from '@runlane/contracts';
import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import {
  DEAD_REASONS,
  openReplayLedger,
  openWebhookLists,
  replayDeliveries,
} from '@runlane/webhook-dispatcher/operations';
import type {
  DeadReason,
  DeliveryState,
  ListedDelivery,
  QuarantinedRow,
  ReplaySelection,
  WebhookLists,
} from '@runlane/webhook-dispatcher/operations';
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import { parseLetterId, textOf } from '../dead-letters/dead-letter.ts';
import { countOf, sinceOf } from '../input.ts';
import { LOOKED_AT_ONCE, goOnText, lookThrough } from '../look-through.ts';
import { timeText } from '../output.ts';
import type { Output } from '../output.ts';
import type { Environment } from '../settings.ts';

export type DeliveryFlags = {
  run?: string;
  origin?: string;
  state?: DeliveryState[];
  since?: string;
  before?: string;
  limit: string;
};
export type ReplayFlags = Omit<DeliveryFlags, 'state' | 'before' | 'limit'> & {
  state?: ('delivered' | 'dead')[];
  reason?: string[];
  dryRun?: boolean;
};
export type EndpointFlags = { origin?: string; limit: string };

/** Thrown by all: ConfigError; CommandError for what was given, and when the database does not answer. */
export async function listDeliveries(flags: DeliveryFlags, environment: Environment, output: Output): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  const { run, origin, state, since } = flags;
  const runId = run === undefined ? null : runIdOf(run);
  const before = flags.before === undefined ? null : deliveryIdOf(flags.before);
  const conditions = {
    ...(origin === undefined ? {} : { origin }),
    ...(state === undefined ? {} : { states: state }),
    ...(since === undefined ? {} : { since: sinceOf(since, Date.now(), '--since') }),
  };
  const isOfAll = Object.keys(conditions).length === 0;
  await withLists(environment, async (lists, place) => {
    const found = await lookThrough(before, limit, async (behind, atMost) => {
      if (runId !== null) {
        const selection = { ...conditions, runId, ...(behind === null ? {} : { before: behind }), limit: atMost };
        const rows = await lists.deliveries(selection);
        return { rows, next: rows.length < atMost ? null : (rows.at(-1)?.delivery_id ?? null) };
      }
      const bounds = { lookLimit: isOfAll ? atMost : LOOKED_AT_ONCE, limit: atMost };
      const { deliveries: rows, next } = await lists.search({ ...conditions, before: behind, ...bounds });
      return { rows, next };
    });
    const { rows: deliveries } = found;
    const goOn = goOnText(found, limit, `--before ${found.next}`);
    if (deliveries.length === 0) return output.say(goOn ?? `No such delivery in ${place}.`);
    output.printTable(
      ['DELIVERY', 'EVENT', 'RUN', 'ORIGIN', 'STATE', 'SENT', 'NEXT', 'WHY'],
      deliveries.map((delivery) => ({ object: deliveryJson(delivery), cells: cellsOf(delivery) })),
    );
    if (goOn !== null) output.say(goOn);
  });
}

export async function showDelivery(text: string, environment: Environment, output: Output): Promise<void> {
  const deliveryId = deliveryIdOf(text);
  await withLists(environment, async (lists, place) => {
    const [delivery] = await lists.deliveries({ deliveryId, limit: 1 });
    if (delivery === undefined) {
      throw new CommandError(
        `No delivery ${text} in ${place} (table webhooks.deliveries). Delivered ones leave after RUNLANE_WEBHOOK_RETENTION_DAYS; ` +
          '`runlane webhooks deliveries list` shows the present ones.',
      );
    }
    const attempts = await lists.attempts(deliveryId);
    const lines = attempts.map(
      ({ n, started_at: at, outcome, status, message, total_ms: ms }) =>
        `  ${n}  ${timeText(at)}  ${outcome}  ${[status, message].filter((part) => part !== null).join(' ')}  ${ms} ms`,
    );
    output.print(
      { ...deliveryJson(delivery), attempt_log: attempts },
      [
        ...Object.entries(deliveryJson(delivery)).map(([name, value]) => `${name.padEnd(16)} ${wordOf(value)}`),
        'attempts',
        ...lines,
      ].join('\n'),
    );
  });
}

/** Makes ended deliveries due again; a running dispatcher sends them, signed anew, under the same webhook-id. */
export async function replay(
  ids: readonly string[],
  flags: ReplayFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  const selection: ReplaySelection = {
    ...(ids.length === 0 ? {} : { deliveryIds: ids.map(deliveryIdOf) }),
    ...(flags.run === undefined ? {} : { runId: runIdOf(flags.run) }),
    ...(flags.origin === undefined ? {} : { origin: flags.origin }),
    ...(flags.since === undefined ? {} : { from: sinceOf(flags.since, Date.now(), '--since') }),
    ...(flags.state === undefined ? {} : { states: flags.state }),
    ...(flags.reason === undefined ? {} : { deadReasons: flags.reason.map(deadReasonOf) }),
  };
  if (Object.keys(selection).length === 0) {
    throw new CommandError('Select deliveries: their ids, --run, --origin, --since, --state or --reason.');
  }
  await withDatabase(environment, async ({ database }) => {
    const ledger = openReplayLedger(database);
    const throughId = await ledger.newestId();
    const expected = Number(await ledger.count(selection, { afterId: 0n, throughId }));
    if (flags.dryRun === true) {
      return output.print(
        { verdict: 'would be replayed', count: expected },
        `${expected} deliveries would be replayed.`,
      );
    }
    let count = 0;
    const pages = replayDeliveries(ledger, { selection, cursor: null, signal: new AbortController().signal });
    for await (const page of pages) {
      count = page.total;
      output.say(`${page.total} of ${page.expected} …`);
    }
    output.print({ verdict: 'replayed', count }, `${count} deliveries are due again.`);
  });
}

export async function listEndpoints(flags: EndpointFlags, environment: Environment, output: Output): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  await withLists(environment, async (lists, place) => {
    const targets = await lists.targets({ ...(flags.origin === undefined ? {} : { origin: flags.origin }), limit });
    if (targets.length === 0) return output.say(`No such URL in ${place}.`);
    output.printTable(
      ['ORIGIN', 'URL (HASH)', 'URL IS', 'ORIGIN IS', 'PARKED UNTIL', 'DUE'],
      targets.map((target) => ({
        object: { ...target, due_count: Number(target.due_count) },
        cells: [
          target.origin,
          target.url_hash.slice(0, 12),
          target.paused_at === null ? target.breaker : 'paused',
          target.origin_breaker,
          timeText(target.parked_until),
          target.due_count >= 1_000n ? '1000+' : String(target.due_count),
        ],
      })),
    );
  });
}

export async function listQuarantine(
  flags: { limit: string },
  environment: Environment,
  output: Output,
): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  await withLists(environment, async (lists, place) => {
    const records = await lists.quarantine({ limit });
    if (records.length === 0) return output.say(`No record is in quarantine in ${place}.`);
    output.printTable(
      ['RECORD', 'TIME', 'KEY', 'CODE', 'BYTES', 'WHY'],
      records.map((record) => ({
        object: quarantineJson(record),
        cells: [
          `${record.partition}/${record.record_offset}`,
          timeText(record.created_at),
          textOf(record.key) ?? '',
          record.code,
          String(record.value?.length ?? ''),
          record.message,
        ],
      })),
    );
  });
}

export async function showQuarantined(text: string, environment: Environment, output: Output): Promise<void> {
  await withLists(environment, async (lists, place, topic) => {
    const [partition = '', offset = ''] = parseLetterId(text, topic).split('/');
    const at = { partition: Number(partition), offset: BigInt(offset) };
    const [record] = await lists.quarantine({ at, limit: 1 });
    if (record === undefined) {
      throw new CommandError(
        `No record ${text} of ${topic} in the quarantine of ${place} (table webhooks.quarantine); ` +
          '`runlane webhooks quarantine list` shows the present ones.',
      );
    }
    const text_ = textOf(record.value);
    const value = text_ === null ? { value_base64: record.value?.toString('base64') ?? null } : { value: text_ };
    const json = { ...quarantineJson(record), headers: record.headers, ...value };
    output.print(
      json,
      Object.entries(json)
        .map(([name, part]) => `${name.padEnd(14)} ${wordOf(part)}`)
        .join('\n'),
    );
  });
}

async function withLists(
  environment: Environment,
  work: (lists: WebhookLists, place: string, topic: string) => Promise<void>,
): Promise<void> {
  const { RUNLANE_TOPIC_PREFIX: prefix } = loadConfig(
    runlaneVariables.pick({ RUNLANE_TOPIC_PREFIX: true }),
    environment,
  );
  const { status: topic } = topicNames(prefix);
  await withDatabase(environment, ({ database, place }) =>
    work(openWebhookLists(database, { group: groupNames(prefix).webhookDispatcher, topic }), place, topic),
  );
}

function runIdOf(text: string): string {
  if (isUuid(text)) return text.toLowerCase();
  throw new CommandError(`--run ${text} is no run_id; give a UUID`);
}

function deliveryIdOf(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new CommandError(`${text} is no delivery; give its number, as \`runlane webhooks deliveries list\` shows it`);
}

function deadReasonOf(text: string): DeadReason {
  const reason = DEAD_REASONS.find((known) => known === text);
  if (reason !== undefined) return reason;
  throw new CommandError(`--reason ${text} is none; give some of ${DEAD_REASONS.join(', ')}`);
}

function deliveryJson(delivery: ListedDelivery): object {
  return { ...delivery, delivery_id: String(delivery.delivery_id), sequence: Number(delivery.sequence) };
}

function quarantineJson(record: QuarantinedRow): object {
  const { partition, record_offset: offset, record_timestamp_ms: ms, key, value, code, message } = record;
  return {
    record: `${partition}/${offset}`,
    timestamp: new Date(Number(ms)),
    quarantined_at: record.created_at,
    key: textOf(key),
    code,
    message,
    value_bytes: value?.length ?? null,
  };
}

function cellsOf(delivery: ListedDelivery): string[] {
  const { delivery_id: id, event_type: type, run_id: run, origin, state, sends, next_attempt_at: next } = delivery;
  const why = [delivery.dead_reason, delivery.detail].filter((part) => part !== null).join(': ');
  return [String(id), type, run, origin, state, String(sends), timeText(next), why];
}

function wordOf(value: unknown): string {
  if (value instanceof Date) return timeText(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
