import { webhookNoticeHeaders } from '@runlane/contracts';
import type { WebhookNotice } from '@runlane/contracts';
import type { OutRecord, RecordProducer } from '@runlane/kafka';
import { createNoticeLedger } from '../adapters/postgres/notice-ledger.ts';
import { tellUntil } from '../app/upkeep/tell-notices.ts';
import type { Foundation } from './foundation.ts';

/** `ce_source` of every notice. */
const SOURCE = '/runlane/webhook-dispatcher';
const TELL_EVERY_MS = 2_000;

/** Tells operators how receivers stand until `signal` aborts. A producer is opened when there is something to tell. */
export async function tellOperatorsUntil(signal: AbortSignal, foundation: Foundation): Promise<void> {
  const { kafka, codec, database, noticeTopic, logger } = foundation;
  let producer: RecordProducer | null = null;
  const recordOf = async (notice: WebhookNotice) => ({
    topic: noticeTopic,
    key: notice.origin,
    value: await codec.frame(noticeTopic, 'WebhookNotice', Buffer.from(JSON.stringify(notice))),
    headers: webhookNoticeHeaders(notice, SOURCE),
  });
  try {
    await tellUntil(signal, {
      ledger: createNoticeLedger(database),
      publish: async (notices) => {
        const records = await Promise.all(notices.map(async (notice) => ({ notice, record: await recordOf(notice) })));
        producer ??= await kafka.producer();
        const leaderless = new Set<OutRecord>();
        await producer.publish(
          records.map(({ record }) => record),
          { signal, onLeaderless: (record) => leaderless.add(record) },
        );
        return records.flatMap(({ notice, record }) => (leaderless.has(record) ? [notice] : []));
      },
      everyMs: TELL_EVERY_MS,
      logger,
    });
  } finally {
    await closed(producer);
  }
}

async function closed(producer: RecordProducer | null): Promise<void> {
  await producer?.close();
}
