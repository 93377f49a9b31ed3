import type { IncomingHttpHeaders } from 'node:http';
import { redactSecrets } from './redact-secrets.ts';
import type { WebhookRequest } from '../../app/ports.ts';

/** Most bytes of an answer's body that are read. */
export const MAX_BODY_BYTES = 16 * 1024;
/** Most bytes of it that are kept for operators. */
const EXCERPT_BYTES = 2 * 1024;

/** The beginning of a body for operators, without the secrets of the request; null when there is no text. */
export function excerptOf(bytes: Buffer, headers: IncomingHttpHeaders, request: WebhookRequest): string | null {
  const encoding = headers['content-encoding'] ?? 'identity';
  // Compressed bodies are never inflated: a few bytes can become gigabytes.
  if (bytes.length === 0 || encoding.toLowerCase() !== 'identity') return null;
  // Redacted before it is cut; otherwise the beginning of a secret could be left at the end.
  return redactSecrets(bytes.toString('utf8'), request)
    .replace(/[^\t\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]/g, '\ufffd')
    .slice(0, EXCERPT_BYTES);
}

/** What the receiver asks of us in `webhook-delivery`, on an answer of 4xx. */
export function instructionOf(status: number, headers: IncomingHttpHeaders): 'abort-message' | 'disable' | null {
  if (status < 400 || status > 499) return null;
  const values = [headers['webhook-delivery'] ?? []].flat().map((value) => value.trim().toLowerCase());
  return values.includes('disable') ? 'disable' : values.includes('abort-message') ? 'abort-message' : null;
}
