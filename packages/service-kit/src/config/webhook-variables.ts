/** The shapes of the RUNLANE_WEBHOOK_… variables. What they permit and deny is decided by packages/webhooks. */
import { isIP } from 'node:net';
import { z } from 'zod';

const ORIGIN = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(\d{1,5}|\*))?$/i;
const HOST_NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
/** Four numbers, or one: a host name never ends in a number, so such a text is an address with a mistake in it. */
const NUMBER_AT_THE_END = /(^|\.)\d+$/;

/** An origin as RUNLANE_WEBHOOK_ALLOW lists them: scheme, host and, if given, a port from 1 to 65535 or `*`. */
export function webhookOrigin() {
  return z
    .string()
    .regex(ORIGIN, {
      error: 'must be comma-separated origins such as https://hooks.internal:8443 or http://127.0.0.1:* (no path)',
    })
    .refine((text) => isPort(ORIGIN.exec(text)?.[3]), { error: 'has a port that is not from 1 to 65535, nor *' })
    .refine((text) => URL.canParse(text.replace(/:\*$/, '')), { error: 'has a host that is no name and no address' });
}

/** What RUNLANE_WEBHOOK_DENY lists: a CIDR, an address, a host name, or `*.` before a name for all names below it. */
export function cidrOrName() {
  return z.string().refine((text) => isCidr(text) || (HOST_NAME.test(text) && !NUMBER_AT_THE_END.test(text)), {
    error: 'must be comma-separated CIDRs, addresses or host names (*.example.com for all names below example.com)',
  });
}

/** What RUNLANE_WEBHOOK_RATES lists: an origin, `=`, and how many requests per second it is sent at most. */
export function originRate() {
  return z.string().refine((text) => isOriginRate(text), {
    error: 'must be comma-separated rates such as https://hooks.slack.com=1 (requests per second, 0.001 to 10000)',
  });
}

function isOriginRate(text: string): boolean {
  const at = text.lastIndexOf('=');
  const [origin, rate] = [text.slice(0, at), text.slice(at + 1)];
  if (!URL.canParse(origin) || new URL(origin).origin !== origin || !/^https?:/.test(origin)) return false;
  return /^\d+(\.\d+)?$/.test(rate) && Number(rate) >= 0.001 && Number(rate) <= 10_000;
}

/** The egress proxy: an http:// URL of host and port, credentials if it wants them; null when unset. */
export function proxyUrl() {
  return z
    .string()
    .refine((text) => URL.canParse(text) && isProxy(new URL(text)), {
      error: 'must be a URL of the form http://host:port, with user:password@ if the proxy asks for it',
    })
    .nullable()
    .default(null);
}

function isProxy(url: URL): boolean {
  return url.protocol === 'http:' && url.pathname === '/' && url.search === '' && url.hash === '';
}

function isPort(text: string | undefined): boolean {
  return text === undefined || text === '*' || (Number(text) >= 1 && Number(text) <= 65_535);
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || address.includes('%')) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** `https://host/path=1+2`: an endpoint without a query, and the versions of its secret. */
export function endpointVersions() {
  return z.string().refine(
    (text) => {
      const [, url = '', versions = ''] = /^(.+)=([\d+]+)$/.exec(text) ?? [];
      const endpoint = URL.parse(url);
      if (endpoint === null || endpoint.search !== '' || endpoint.hash !== '' || endpoint.href !== url) return false;
      return /^https?:$/.test(endpoint.protocol) && /^[1-9]\d{0,5}(\+[1-9]\d{0,5}){0,3}$/.test(versions);
    },
    {
      error:
        'must be URLs without a query, each with the versions of its secret from 1, such as https://hooks.example.com/a=2 or ' +
        'https://hooks.example.com/a=1+2; an origin alone needs a slash at its end',
    },
  );
}
