/** A relay of events over an outbox, a publisher and a clock that are doubled. */
import type { OutRecord, PublishOptions } from '@runlane/kafka';
import { Wakeup } from '@runlane/service-kit';
import type { OutboxEntry } from '../../domain/status-event.ts';
import { relayUntil } from './relay-events.ts';
import { recordingLog } from '../recording-ports.fixture.ts';

export const LEASE_MS = 6_000;

function entry(outboxId: number, threadId = 'thread'): OutboxEntry {
  return {
    outboxId: BigInt(outboxId),
    eventId: `event ${outboxId}`,
    type: 'run.running',
    sequence: 2,
    occurredAt: new Date(outboxId),
    runId: 'run',
    threadId,
    attempt: 1,
    threadStatus: 'busy',
    details: {},
    runStartedAt: null,
    runEndedAt: null,
    assistantId: 'chat',
    graphId: 'chat',
    multitaskStrategy: 'enqueue',
    metadata: {},
    createdAt: new Date(0),
    traceparent: `00-${'a'.repeat(32)}-b7ad6b7169203331-01`,
    webhook: null,
    webhook_events: null,
  };
}

type Setup = {
  /** Outbox ids that are waiting. */
  waiting?: number[];
  acquire?: () => Promise<boolean>;
  publish?: (records: readonly OutRecord[], options?: PublishOptions) => Promise<void>;
  threadOf?: (outboxId: number) => string;
  mark?: () => Promise<void>;
};

/** `calls`: what the relay did, oldest first, such as `publish 1,2`. */
export function startRelay({ waiting = [], acquire, publish, mark, threadOf }: Setup = {}) {
  const calls: string[] = [];
  const done = Promise.resolve();
  const stored = new Wakeup();
  const stop = new AbortController();
  const log = recordingLog();
  const held: number[] = [];
  const published: { count: number; oldest: Date }[] = [];
  const list = (ids: readonly (string | number | bigint | null)[]) =>
    ids.length > 5 ? `${ids[0]}..${ids.at(-1)}` : ids.join(',');
  const relaying = relayUntil(stop.signal, {
    judgeWebhook: () => null,
    lease: {
      acquire: (holder, leaseMs) => {
        calls.push(`acquire ${holder} ${leaseMs}`);
        return acquire?.() ?? Promise.resolve(true);
      },
      release: (holder) => {
        calls.push(`release ${holder}`);
        return done;
      },
    },
    outbox: {
      unpublished: (limit, _maxBytes, without = []) => {
        const all = waiting.map((id) => entry(id, threadOf?.(id)));
        const entries = all.filter(({ threadId }) => !without.includes(threadId));
        return Promise.resolve({ entries: entries.slice(0, limit), hasMore: entries.length >= limit });
      },
      markPublished: async (published) => {
        const ids = published.map(({ outboxId }) => outboxId);
        calls.push(`mark ${list(ids)}`);
        await mark?.();
        for (const id of ids) waiting.splice(waiting.indexOf(Number(id)), 1);
      },
    },
    publisher: {
      publish: async (records, options) => {
        calls.push(`publish ${list(records.map(({ key }) => (key === null ? null : String(key))))}`);
        await publish?.(records, options);
      },
    },
    encode: (event) =>
      Promise.resolve({ topic: 'status', key: event.event_id.slice('event '.length), value: null, headers: {} }),
    stored,
    holder: 'me',
    leaseMs: LEASE_MS,
    pollMs: 500,
    monotonicMs: () => performance.now(),
    random: () => 1,
    onHeld: (count) => {
      if (count !== null) held.push(count);
    },
    onPublished: (count, oldest) => published.push({ count, oldest }),
    logger: log.logger,
  });
  return { ...log, calls, stored, stop, relaying, published, waiting, held, work: () => calls.filter(isWork) };
}

const isWork = (call: string) => !call.startsWith('acquire');
