import { z } from 'zod';

/**
 * A notice to operators about a receiver: a URL, by its hash because it is a credential, or an origin as a whole.
 */
export const WEBHOOK_NOTICE_TYPES = [
  'webhook.url_failing',
  'webhook.url_parked',
  'webhook.url_paused',
  'webhook.url_disabled',
  'webhook.url_recovered',
  'webhook.origin_parked',
  'webhook.origin_paused',
  'webhook.origin_recovered',
] as const;
export type WebhookNoticeType = (typeof WEBHOOK_NOTICE_TYPES)[number];

/** When each type comes. */
export const WEBHOOK_NOTICE_MOMENTS: Readonly<Record<WebhookNoticeType, string>> = {
  'webhook.url_failing': 'Three webhooks in a row have failed.',
  'webhook.url_parked': 'Most webhooks fail: they wait, and one is tried now and then.',
  'webhook.url_paused': 'An operator has paused it: nothing is sent to it.',
  'webhook.url_disabled': 'Nothing more is sent to it: it asked for that, is gone, or has failed for days.',
  'webhook.url_recovered': 'It answers well again.',
  'webhook.origin_parked': 'The host cannot be reached or fails for several URLs: all of them wait.',
  'webhook.origin_paused': 'An operator has paused it: nothing is sent to any of its URLs.',
  'webhook.origin_recovered': 'It answers well again.',
};

/** The state of a URL or an origin. Of the changes within a minute only the last one is published. */
export type WebhookNotice = {
  /** Stable over redelivery: consumers drop duplicates by it. */
  event_id: string;
  type: WebhookNoticeType;
  /** When it changed; RFC 3339 in UTC with `Z`. */
  occurred_at: string;
  origin: string;
  /** SHA-256 of the URL in hex; null if the whole origin changed. */
  url_hash: string | null;
  /** Why a URL is disabled: `asked`, `gone` or `failing`, of which later versions may have more; else null. */
  reason: string | null;
};

/** As a JSON Schema: an open object, because later versions add fields. */
export const webhookNoticeSchema = z
  .looseObject({
    event_id: z.string().describe('Identifies the event, also when it is delivered again: drop duplicates by it.'),
    type: z.enum(WEBHOOK_NOTICE_TYPES).describe('What has changed.'),
    occurred_at: z.iso.datetime().describe('When it changed, RFC 3339 in UTC.'),
    origin: z.string().describe('Scheme, host and port of the receiver.'),
    url_hash: z.string().nullable().describe('SHA-256 of the URL in hex; null if the whole origin changed.'),
    reason: z.string().nullable().describe('A code for why a URL is disabled; later versions may have more codes.'),
  })
  .meta({ title: 'WebhookNotice' });

const NOON = '2026-01-02T12:00:00.000Z';
const ID = '5c1e0d4b-7d5c-5a55-9d5c-3d1b2f0a9c';

/** An example of each type. */
export const WEBHOOK_NOTICE_EXAMPLES: readonly WebhookNotice[] = WEBHOOK_NOTICE_TYPES.map((type, index) => ({
  event_id: `${ID}${10 + index}`,
  type,
  occurred_at: NOON,
  origin: 'https://hooks.example.com',
  url_hash: type.startsWith('webhook.url_') ? '3f0a5c1e0d4b7d5c4a559d5c3d1b2f0a9c113f0a5c1e0d4b7d5c4a559d5c3d1b' : null,
  reason: type === 'webhook.url_disabled' ? 'gone' : null,
}));

/** Headers of a notice: CloudEvents 1.0 in Kafka binary mode; `ce_subject` is the URL's hash, or the origin. */
export function webhookNoticeHeaders(notice: WebhookNotice, source: string): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: notice.event_id,
    ce_source: source,
    ce_type: notice.type,
    ce_subject: notice.url_hash ?? notice.origin,
    ce_time: notice.occurred_at,
    'content-type': 'application/json',
  };
}
