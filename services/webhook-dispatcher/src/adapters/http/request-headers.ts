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

/** A name that a request must not carry; null when there is none. The last wall: settings are checked long before. */
export function reservedHeader(headers: WebhookRequest['headers']): string | null {
  return (
    Object.keys(headers).find(
      (name) => RESERVED.has(name.toLowerCase()) || /^(proxy-|x-forwarded|metadata)/i.test(name),
    ) ?? null
  );
}
