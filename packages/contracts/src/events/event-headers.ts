import type { RunStatusEvent } from './run-status-event.ts';

const SEQUENCE_DIGITS = 10;

/**
 * Headers of a status event: CloudEvents 1.0 in Kafka binary mode. `ce_sequence` is padded with zeros to ten digits,
 * so that it sorts as text.
 *
 * @param source what published it, a URI reference (`ce_source`)
 * @param traceparent W3C trace context; null leaves the header out
 */
export function eventHeaders(
  event: RunStatusEvent,
  source: string,
  traceparent: string | null,
): Record<string, string> {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.event_id,
    ce_source: source,
    ce_type: event.type,
    ce_subject: event.run_id,
    ce_time: event.occurred_at,
    ce_sequence: String(event.sequence).padStart(SEQUENCE_DIGITS, '0'),
    'content-type': 'application/json',
  };
  if (traceparent !== null) headers['traceparent'] = traceparent;
  return headers;
}
