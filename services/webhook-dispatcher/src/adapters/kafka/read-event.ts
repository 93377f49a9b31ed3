import { hash } from 'node:crypto';
import {
  isJsonObject,
  isRunStatusEventType,
  isTerminalEventType,
  isUuid,
  parseRunStatusEvent,
} from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import { formatTraceparent, parseTraceparent } from '@runlane/service-kit';
import { PoisonError, parseJson } from '@runlane/kafka';
import type { InRecord, ValueCodec } from '@runlane/kafka';
import { siteOf } from '@runlane/webhooks';
import type { WebhookPolicy } from '@runlane/webhooks';
import type { QuarantineCode } from '../../app/ports.ts';
import type { Reading } from '../../app/intake/receive-status-events.ts';
import type { TargetedEvent } from '../../domain/intake-plan.ts';
import { webhookBody } from '../../domain/thin-event.ts';

export type ReadOptions = {
  codec: Pick<ValueCodec, 'unframe'>;
  policy: Pick<WebhookPolicy, 'judgeUrl'>;
  /** Largest body of a webhook, in bytes: a larger event is sent without its large parts. */
  maxBodyBytes: number;
};

/**
 * Decodes a record into an event with its URL, an event without one, or the reason for quarantine. Messages contain only the
 * host of the URL.
 *
 * Thrown: RetryableError while the schema registry is away (I11).
 */
export async function readEvent(record: InRecord, options: ReadOptions): Promise<Reading> {
  try {
    return { record, content: await contentOf(record, options) };
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    const code = error.code === 'unknown_schema' ? 'unknown_schema' : 'undecodable';
    return { record, content: quarantine(code, error.message) };
  }
}

async function contentOf(record: InRecord, options: ReadOptions): Promise<Reading['content']> {
  if (record.unreadable !== undefined) {
    const { firstOffset, reason } = record.unreadable;
    return quarantine(
      'undecodable',
      `The batch of offsets ${firstOffset} to ${record.offset} is unreadable: ${reason}`,
    );
  }
  if (record.value === null) return quarantine('undecodable', 'The record has no value.');
  const body = await options.codec.unframe(record.value);
  const json = parseJson(body);
  // A later version may have types of which this one knows nothing; it must be upgraded before it can send them.
  if (isJsonObject(json) && typeof json['type'] === 'string' && !isRunStatusEventType(json['type'])) {
    if (json['webhook'] === null) return { kind: 'without_target' };
    return quarantine('unknown_type', `This version does not know events of type ${shortened(json['type'])}.`);
  }
  const traceparent = record.headers.get('traceparent')?.at(-1)?.toString('utf8') ?? null;
  return eventOf(json, { body, offset: record.offset, traceparent }, options);
}

function eventOf(
  json: Json,
  { body, offset, traceparent }: { body: Buffer; offset: bigint; traceparent: string | null },
  { policy, maxBodyBytes }: ReadOptions,
): Reading['content'] {
  const parsed = parseRunStatusEvent(json);
  if (parsed.kind === 'invalid') {
    // The problem with a URL may quote it.
    const problems = parsed.problems.filter((problem) => !problem.startsWith('webhook')).slice(0, 5);
    return quarantine('not_a_status_event', problems.join(' ') || 'webhook is neither a URL nor null.');
  }
  const { event } = parsed;
  if (event.webhook === null) return { kind: 'without_target' };
  if (!isUuid(event.run_id)) return quarantine('not_a_status_event', 'run_id is no UUID.');
  if (event.event_id.includes('\0') || event.webhook.includes('\0')) {
    return quarantine('unstorable', 'event_id or webhook contains NUL, which Postgres cannot store.');
  }
  const target = targetOf(event.webhook, policy);
  if (target === null) return quarantine('invalid_webhook', 'webhook is no absolute http or https URL.');
  // An invalid one would be refused as a header, and the request with it.
  const trace = parseTraceparent(traceparent);
  const facts = {
    eventId: event.event_id,
    runId: event.run_id.toLowerCase(),
    sequence: event.sequence,
    type: event.type,
    isTerminal: isTerminalEventType(event.type),
    offset,
    traceparent: trace === null ? null : formatTraceparent(trace),
    body: isJsonObject(json) ? webhookBody(json, body, maxBodyBytes) : body,
  };
  return { kind: 'event', event: { ...facts, ...target } };
}

type Target = Pick<TargetedEvent, 'url' | 'urlHash' | 'origin' | 'site' | 'refusal'>;

/** A refused URL has an endpoint too, so that its delivery can be found and replayed; null when it has no origin. */
function targetOf(webhook: string, policy: ReadOptions['policy']): Target | null {
  const verdict = policy.judgeUrl(webhook);
  if (verdict.kind === 'ok') {
    const { url, urlHash, origin, site } = verdict;
    return { url, urlHash, origin, site, refusal: null };
  }
  const url = URL.parse(webhook);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return null;
  const refusal = `${verdict.code}: ${verdict.message}`;
  return {
    url: webhook,
    urlHash: hash('sha256', url.href),
    origin: url.origin,
    site: siteOf(url.hostname),
    refusal,
  };
}

function quarantine(code: QuarantineCode, message: string): Reading['content'] {
  return { kind: 'quarantine', code, message };
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
