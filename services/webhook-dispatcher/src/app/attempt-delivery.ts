/**
 * Purpose   One attempt of a delivery: signs, sends, and turns the result into what is kept of it.
 * Decision  A reused connection that closes before a byte of an answer says nothing about the receiver: servers close idle
 *           connections at any time. The request is sent again immediately on a fresh connection, and only that result
 *           counts. RFC 9110 9.2.2 allows a POST to be repeated when the receiver can recognise the repeat: `webhook-id` is
 *           the same, by which receivers recognise duplicates in any case.
 * I13       What is kept of an answer is short and redacted. Nothing is kept that an attacker could use as an oracle:
 *           answers of blocked targets, and of origins that have never answered 2xx.
 */
import { cutToBytes } from '@runlane/contracts';
import { redact } from '@runlane/service-kit';
import type { DeliveryDecision } from '../domain/attempt-decision.ts';
import { classOf, isBlockedForNow } from '../domain/delivery.ts';
import type { AttemptRecord, AttemptResult, DueDelivery, RequestHeaders, Settlement, WebhookSender } from './ports.ts';

export type AttemptDependencies = {
  sender: WebhookSender;
  headers: RequestHeaders;
  now: () => Date;
};

const EXCERPT_BYTES = 2_048;
const MESSAGE_BYTES = 500;

/** `result`: the result that counts; `attempts`: all requests that were sent, one or two. */
export type Attempted = { result: AttemptResult; attempts: AttemptRecord[] };

/** @param about its body, and whether the origin has answered 2xx before (`isTrusted`) */
export async function attemptDelivery(
  delivery: DueDelivery,
  { isTrusted, body }: { isTrusted: boolean; body: Uint8Array },
  signal: AbortSignal,
  needs: AttemptDependencies,
): Promise<Attempted> {
  const attempts: AttemptRecord[] = [];
  for (;;) {
    const startedAt = needs.now();
    const headers = needs.headers({ ...delivery, body }, Math.floor(startedAt.getTime() / 1_000));
    const result = await needs.sender.send(
      { url: delivery.url, headers, body, isOnFreshConnection: attempts.length > 0 },
      signal,
    );
    const isStale = result.kind === 'failed' && result.class === 'stale_connection';
    const repeats = isStale && attempts.length === 0 && !signal.aborted;
    const isOurs = result.kind === 'infrastructure' || (result.kind === 'blocked' && !isBlockedForNow(result));
    const isCharged = !repeats && !isOurs;
    const n = delivery.sends + attempts.length + 1;
    attempts.push(recordOf(result, { n, startedAt, isCharged, showsBody: isTrusted }));
    if (!repeats) return { result, attempts };
  }
}

/**
 * The decision as it is stored: its texts without secrets; when this process stops, another one may continue immediately.
 *
 * @param isStopping this process is ending
 */
export function endOf(decision: DeliveryDecision, result: AttemptResult, isStopping: boolean): Settlement['end'] {
  if (decision.kind === 'dead')
    return { ...decision, detail: redact(decision.detail).replaceAll('\0', '').toWellFormed() };
  // Another process can continue immediately.
  if (decision.kind === 'retry' && isStopping && result.kind === 'infrastructure') return { ...decision, afterMs: 0 };
  return decision;
}

function recordOf(
  result: AttemptResult,
  about: { n: number; startedAt: Date; isCharged: boolean; showsBody: boolean },
): AttemptRecord {
  const isResponse = result.kind === 'response';
  const isShown = isResponse && about.showsBody;
  return {
    n: about.n,
    startedAt: about.startedAt,
    outcome: classOf(result),
    isCharged: about.isCharged,
    status: isResponse ? result.status : null,
    message: isResponse ? null : storable(redact(result.message), MESSAGE_BYTES),
    address: result.address,
    timings: result.timings,
    bodyBytes: isShown ? result.bodyBytes : null,
    bodyExcerpt: isShown && result.bodyExcerpt !== null ? storable(redact(result.bodyExcerpt), EXCERPT_BYTES) : null,
  };
}

/** Postgres holds neither NUL nor half a surrogate pair. */
function storable(text: string, bytes: number): string {
  return cutToBytes(text, bytes).replaceAll('\0', '').toWellFormed();
}
