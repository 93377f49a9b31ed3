import { decideDelivery } from '../domain/attempt-decision.ts';
import { afterAnswerTime, afterOriginAttempt } from '../domain/origin-health.ts';
import { afterTargetAttempt } from '../domain/target-health.ts';
import { attemptDelivery, endOf } from './attempt-delivery.ts';
import type { AttemptDependencies, Attempted } from './attempt-delivery.ts';
import type { HeldEndpoint } from './held-endpoint.ts';
import type { Taken } from './held-target.ts';
import type { Settlement } from './ports.ts';
import { withBody } from './with-body.ts';
import type { BodyDependencies } from './with-body.ts';

export type SendDependencies = AttemptDependencies &
  BodyDependencies & {
    /** The database's clock, in milliseconds since 1970. */
    nowMs: () => number;
    random: () => number;
    /** Seconds before attempts 2, 3, …. */
    retrySchedule: readonly number[];
  };

/** A fault of ours lasts for a while, and affects everything that is sent there. */
const INFRASTRUCTURE_REST_MS = 5_000;

/** `disabledBecause`: this answer has disabled the URL; null when it has not. */
export type Sent = {
  attempted: Attempted;
  settlement: Settlement;
  disabledBecause: 'asked' | 'gone' | 'failing' | null;
};

/** Sends a delivery, adds the answer to the health of its URL and origin, and returns what has to be written. */
export async function sendOne(
  held: HeldEndpoint,
  { delivery, target, sentAtMs, isTargetProbe, isOriginProbe }: Taken,
  signal: AbortSignal,
  needs: SendDependencies,
): Promise<Sent> {
  const about = { isTrusted: held.health.hasSucceeded };
  const attempted = await withBody(delivery, signal, needs, (body) =>
    attemptDelivery(delivery, { ...about, body }, signal, needs),
  );
  const { result, attempts } = attempted;
  const decision = decideDelivery(delivery, result, needs.retrySchedule, needs.random());
  const nowMs = needs.nowMs();
  const times = { sentAtMs, nowMs, random: needs.random() };
  const before = { origin: held.health, target: target.health };
  held.health = afterOriginAttempt(held.health, result, {
    ...times,
    urlHash: delivery.urlHash,
    isProbe: isOriginProbe,
  });
  if (result.kind === 'response' || result.kind === 'failed') {
    held.health = afterAnswerTime(held.health, result.timings.totalMs);
  }
  target.health = afterTargetAttempt(target.health, result, {
    ...times,
    isReplay: delivery.isReplay,
    isProbe: isTargetProbe,
  });
  if (result.kind === 'infrastructure') held.rest(nowMs + INFRASTRUCTURE_REST_MS);
  const staysInLine = target.hasMore || (decision.kind === 'delivered' && held.leavesInLine(target));
  const settlement: Settlement = {
    endpointId: held.endpointId,
    fencingToken: held.fencingToken,
    deliveryId: delivery.deliveryId,
    eventId: delivery.eventId,
    end: endOf(decision, result, signal.aborted),
    isCharged: decision.kind === 'delivered' || decision.isCharged,
    attempts,
    urlHash: delivery.urlHash,
    hasMore: staysInLine,
    health: { origin: held.toWrite(before.origin, nowMs), target: target.toWrite(before.target, nowMs, staysInLine) },
  };
  const { breaker } = target.health;
  const disabledBecause =
    breaker.kind === 'disabled' && before.target.breaker.kind !== 'disabled' ? breaker.because : null;
  return { attempted, settlement, disabledBecause };
}
