/**
 * Purpose   Publishes to a topic for operators how URLs and origins are that have failed, or that have recovered.
 * Lossless  Each change is noted in the transaction that makes it (migration 0006). It is published at least once, under an
 *           id of its own. Of changes that come faster than notices are published, only the last one is.
 * Rate      One a minute for each URL and origin, and a limit per second for all.
 * I10       Nothing waits for it: a topic that is missing, or that refuses records, is logged once a minute. A partition
 *           without a leader keeps its own notices for that time, and no others.
 */
import { RUNLANE_NAMESPACE, uuidV5 } from '@runlane/contracts';
import type { WebhookNotice, WebhookNoticeType } from '@runlane/contracts';
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

export type NoticeState = 'well' | 'failing' | 'parked' | 'paused' | 'disabled';

/** The state of a URL, or of an origin when the hash is empty. */
export type Notice = {
  origin: string;
  urlHash: string;
  state: NoticeState;
  because: string | null;
  changedAt: Date;
  changeCount: bigint;
};

export interface NoticeLedger {
  /** Takes up to `limit` notices that have to be published, and that nobody has taken for `pauseMs`. */
  claim(pauseMs: number, limit: number): Promise<Notice[]>;
  noteTold(notices: readonly Notice[]): Promise<void>;
}

export type TellDependencies = {
  ledger: NoticeLedger;
  /** Resolves with those whose partitions have no leader, when all others are written. */
  publish: (notices: readonly WebhookNotice[]) => Promise<readonly WebhookNotice[]>;
  everyMs: number;
  logger: Logger;
};

const PAUSE_MS = 60_000;
const AT_ONCE = 100;

/** Publishes notices until `signal` aborts. */
export async function tellUntil(signal: AbortSignal, needs: TellDependencies): Promise<void> {
  const { ledger, publish, everyMs, logger } = needs;
  const pause = new Wakeup();
  while (!signal.aborted) {
    let waitMs = everyMs;
    try {
      const notices = await ledger.claim(PAUSE_MS, AT_ONCE);
      if (notices.length > 0) {
        const told = notices.map((notice) => ({ notice, event: eventOf(notice) }));
        const leaderless = await publish(told.map(({ event }) => event));
        await ledger.noteTold(told.flatMap(({ notice, event }) => (leaderless.includes(event) ? [] : [notice])));
        if (leaderless.length > 0) logger.warn({ notices: leaderless.length }, 'notices.partition_leaderless');
      }
    } catch (error) {
      logger.warn({ err: error }, 'notices.untold');
      waitMs = PAUSE_MS;
    }
    await pause.wait(waitMs, signal);
  }
}

function eventOf({ origin, urlHash, state, because, changedAt, changeCount }: Notice): WebhookNotice {
  const occurredAt = changedAt.toISOString();
  return {
    event_id: uuidV5(`webhook-notice ${origin} ${urlHash} ${changeCount} ${occurredAt}`, RUNLANE_NAMESPACE),
    type: urlHash === '' ? typeOfOrigin(state) : typeOfUrl(state),
    occurred_at: occurredAt,
    origin,
    url_hash: urlHash === '' ? null : urlHash,
    reason: state === 'disabled' ? because : null,
  };
}

function typeOfUrl(state: NoticeState): WebhookNoticeType {
  return state === 'well' ? 'webhook.url_recovered' : `webhook.url_${state}`;
}

/** An origin is neither failing nor disabled. */
function typeOfOrigin(state: NoticeState): WebhookNoticeType {
  if (state === 'parked' || state === 'paused') return `webhook.origin_${state}`;
  return 'webhook.origin_recovered';
}
