/** One who sends the webhooks of a topic: a dispatcher or a peer, as a process, with the receiver that they share. */
import { hash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordProducer } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';
import { webhookIdOf } from '@runlane/webhooks';
import { cpuMsOf } from '../machine.ts';
import { percentile } from '../statistics.ts';
import type { AskedChild } from './asked-child.ts';
import { eventRecord, terminalEvent } from './events.ts';
import type { ReceiverAnswer, ReceiverQuestion } from './receiver-child.ts';

export type Receiver = AskedChild<ReceiverQuestion, ReceiverAnswer>;

export type Side = {
  /** The sending process. It can be frozen while events are published. */
  process: { readonly pid: number; signal(signal: 'SIGSTOP' | 'SIGCONT'): void };
  producer: RecordProducer;
  topic: string;
  receiver: Receiver;
};

/** `cpuMs`: CPU time of the sending process per 1,000 requests, all threads together. */
export type Round = { perSecond: number; cpuMs: number };

const PUBLISH_AT_ONCE = 1_000;
const LIMIT_MS = 90_000;
/** Writes after the last answer count as work of the side. */
const SETTLE_MS = 300;

/** Publishes while the side is frozen, thaws it, and times from the thaw to the last webhook. */
export async function round(side: Side, urls: readonly string[]): Promise<Round> {
  side.receiver.tell('reset');
  const cpuBeforeMs = cpuMsOf(side.process.pid) ?? 0;
  let startedMs: number;
  side.process.signal('SIGSTOP');
  try {
    await publish(side, urls);
    startedMs = now();
  } finally {
    side.process.signal('SIGCONT');
  }
  const { lastMs } = await received(side.receiver, urls.length);
  await sleep(SETTLE_MS);
  const cpuMs = (cpuMsOf(side.process.pid) ?? 0) - cpuBeforeMs;
  return { perSecond: urls.length / ((lastMs - startedMs) / 1_000), cpuMs: cpuMs / (urls.length / 1_000) };
}

/** Publishes one webhook after the other, and takes the time of each until the receiver has it: the 99th of a hundred. */
export async function p99(side: Side, urls: readonly string[], everyMs: number): Promise<number> {
  side.receiver.tell('reset');
  const published = new Map<string, number>();
  for (const url of urls) {
    const event = terminalEvent(url);
    published.set(webhookIdOf(event.event_id, hash('sha256', url)), now());
    await Promise.all([side.producer.publish([eventRecord(side.topic, event)]), sleep(everyMs)]);
  }
  const { times } = await received(side.receiver, urls.length);
  return percentile(
    times.map(([id, atMs]) => atMs - (published.get(id) ?? Number.NaN)),
    0.99,
  );
}

/** URLs of that many webhooks that are answered, round-robin over the origins, each of which has one URL. */
export function answered(origins: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${origins[number % origins.length]}/answer`);
}

/** The same, and each webhook has a URL that no other one has. */
export function answeredApart(origins: readonly string[], count: number): string[] {
  return answered(origins, count).map((url) => `${url}/${randomUUID()}`);
}

export async function publish({ producer, topic }: Side, webhookUrls: readonly string[]): Promise<void> {
  for (let start = 0; start < webhookUrls.length; start += PUBLISH_AT_ONCE) {
    await producer.publish(
      webhookUrls.slice(start, start + PUBLISH_AT_ONCE).map((url) => eventRecord(topic, terminalEvent(url))),
    );
  }
}

async function received(receiver: Receiver, count: number): Promise<Extract<ReceiverAnswer, { kind: 'report' }>> {
  let seen = 0;
  return eventually(
    async () => {
      const report = await receiver.ask('report');
      if (report.kind !== 'report') throw new Error('The receiver answered another question.');
      seen = report.count;
      return report.count >= count ? report : null;
    },
    { what: `${count} webhooks have arrived`, deadlineMs: LIMIT_MS, everyMs: 50, seen: () => seen },
  );
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
