import { isTerminalEventType } from '@runlane/contracts';
import type { RunCreate, RunStatusEventType } from '@runlane/contracts';

/** Says why a URL may not be a webhook, and what to change, without its path or query; null when it may. */
export type WebhookJudge = (url: string) => string | null;

/** What a run asked for: where its events go as webhooks, and which of them. */
export type WebhookWish = Pick<RunCreate, 'webhook' | 'webhook_events'>;

/** Why a request's webhook is refused; null when it is not, or when there is none. */
export function webhookRefusal({ webhook }: WebhookWish, judge: WebhookJudge): string | null {
  return webhook === null ? null : judge(webhook);
}

/**
 * The `webhook` of an event: the URL, on the types that the run asked for, by default the terminal ones. Never a refused
 * one, whatever else the run was rejected for: no event may go where the policy denies.
 */
export function webhookOfEvent(wish: WebhookWish, type: RunStatusEventType, judge: WebhookJudge): string | null {
  const isWanted = wish.webhook_events === null ? isTerminalEventType(type) : wish.webhook_events.includes(type);
  return isWanted && webhookRefusal(wish, judge) === null ? wish.webhook : null;
}
