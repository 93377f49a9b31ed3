import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Wakeup, traceIdOf, waitOrAbort } from '@runlane/service-kit';
import { webhookIdOf } from '@runlane/webhooks';
import type { ProjectWebhooks, WebhookSigner } from '@runlane/webhooks';
import { tracedSender } from '../adapters/tracing/traced-sender.ts';
import { createWebhookSender } from '../adapters/http/sender.ts';
import { createDeliveryLedger } from '../adapters/postgres/delivery-ledger.ts';
import { WebhookDelivery } from '../app/deliver-webhooks.ts';
import type { AttemptReport } from '../app/delivery-needs.ts';
import type { RequestHeaders, WebhookSender } from '../app/ports.ts';
import { SettleQueue } from '../app/settle-attempts.ts';
import { serviceVersion } from '../version.ts';
import type { Foundation } from './foundation.ts';
import { timedLedger } from './timed-ledger.ts';

/** Longest wait before due deliveries are looked for unasked, in milliseconds: what other processes' intake costs. */
const POLL_MS = 500;
/** Large bodies in memory at once, in bytes. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Requests under way at one address, whatever names lead there. */
const ADDRESS_SLOTS = 16;
/** So many more may find out whether there is another address. */
const FOR_OTHER_ADDRESSES = 4;
/** Requests in flight to one site, over all of its origins. */
const SITE_SLOTS = 16;

/** Makes the delivery of this process; its loops are started by the caller. */
export function createDelivery(foundation: Foundation, signer: WebhookSigner, sender: WebhookSender): WebhookDelivery {
  const { database, config, metrics, logger } = foundation;
  const ledger = timedLedger(createDeliveryLedger(database), metrics.observeStage);
  const delivery = new WebhookDelivery({
    ledger,
    settle: new SettleQueue({ ledger, delay: (ms) => sleep(ms), random: Math.random, logger }),
    sender,
    headers: requestHeaders(signer, foundation.project),
    owner: randomUUID(),
    due: new Wakeup(),
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    random: Math.random,
    delay: waitOrAbort,
    onAttempt: (report) => reportAttempt(foundation, report),
    onDisabled: ({ origin, urlHash, because }) => {
      metrics.disabledTotal.inc();
      logger.warn({ origin, url_hash: urlHash, because }, 'target.disabled');
    },
    logger,
    settings: {
      maxInFlight: config.RUNLANE_WEBHOOK_MAX_IN_FLIGHT,
      leaseMs: config.RUNLANE_WEBHOOK_LEASE_SECONDS * 1_000,
      retrySchedule: config.RUNLANE_WEBHOOK_RETRY_SCHEDULE,
      pollMs: POLL_MS,
      siteSlots: SITE_SLOTS,
      addressSlots: ADDRESS_SLOTS + FOR_OTHER_ADDRESSES,
      maxBodyBytes: MAX_BODY_BYTES,
      fixedRates: new Map(config.RUNLANE_WEBHOOK_RATES.map(rateOf)),
    },
  });
  metrics.inFlight(() => delivery.inFlightCount);
  metrics.held(() => delivery.heldCount);
  return delivery;
}

export function createSender({ policy, config, tracing }: Foundation): WebhookSender {
  const sender = createWebhookSender({
    policy,
    version: serviceVersion,
    proxyUrl: config.RUNLANE_WEBHOOK_PROXY,
    proxyBy: config.RUNLANE_WEBHOOK_PROXY_BY,
    attemptsPerAddress: ADDRESS_SLOTS,
  });
  return tracing === null ? sender : tracedSender(tracing, sender);
}

/** The project's headers come first: none of ours can be changed by them. */
function requestHeaders(signer: WebhookSigner, { headers }: ProjectWebhooks): RequestHeaders {
  return ({ eventId, urlHash, url, body, traceparent }, timestamp) => ({
    ...headers,
    'content-type': 'application/json',
    ...(traceparent == null ? {} : { traceparent }),
    ...signer.sign(url, { id: webhookIdOf(eventId, urlHash), timestamp, body }),
  });
}

function reportAttempt({ metrics, logger }: Foundation, report: AttemptReport): void {
  const { delivery, origin, attempted, settled, settleWaitMs, retryAfterMs } = report;
  for (const { outcome, timings } of attempted.attempts) metrics.attempts.observe({ outcome }, timings.totalMs / 1_000);
  metrics.settleWait.observe(settleWaitMs / 1_000);
  metrics.settled.inc({ result: settled });
  const last = attempted.attempts.at(-1);
  const level = settled === 'delivered' ? 'debug' : settled === 'dead' ? 'warn' : 'info';
  // Most are never logged, and making a line costs more than looking whether it is.
  if (!logger.isLevelEnabled(level)) return;
  logger[level](
    {
      delivery_id: String(delivery.deliveryId),
      event_id: delivery.eventId,
      run_id: delivery.runId,
      trace_id: traceIdOf(delivery.traceparent) ?? undefined,
      origin,
      url_hash: delivery.urlHash,
      n: last?.n,
      outcome: last?.outcome,
      status: last?.status,
      reason: last?.message,
      duration_ms: Math.round(last?.timings.totalMs ?? 0),
      result: settled,
      retry_after_ms: retryAfterMs,
    },
    'webhook.attempted',
  );
}

/** Of `origin=rate`. */
function rateOf(text: string): [string, number] {
  const at = text.lastIndexOf('=');
  return [text.slice(0, at), Number(text.slice(at + 1))];
}
