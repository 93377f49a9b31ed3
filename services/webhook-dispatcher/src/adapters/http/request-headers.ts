import type { WebhookRequest } from '../../app/ports.ts';

/** Headers that decide about routing, framing or identity: the sender and undici set them, nobody else. */
const RESERVED = new Set([
  'host',
  'connection',
  'content-length',
  'content-encoding',
  'cookie',
  'expect',
  'forwarded',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** A header that a request must not have; null when there is none. A last defence: settings are checked much earlier. */
export function reservedHeader(headers: WebhookRequest['headers']): string | null {
  return (
    Object.keys(headers).find(
      (name) => RESERVED.has(name.toLowerCase()) || /^(proxy-|x-forwarded|metadata)/i.test(name),
    ) ?? null
  );
}
