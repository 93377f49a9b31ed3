import { parseAddress } from './address.ts';

/** A host, or all names below a name; never the name itself then, as LangGraph has it for `*.example.com`. */
export type HostPattern = { hostname: string; isWildcard: boolean };

/**
 * Reads a host name, an address, or `*.name`, in any case and alphabet. Null when it is none of them.
 */
export function parseHostPattern(text: string): HostPattern | null {
  const isWildcard = text.startsWith('*.');
  const hostname = canonicalHost(isWildcard ? text.slice(2) : text);
  if (hostname === null || (isWildcard && parseAddress(hostname) !== null)) return null;
  return { hostname, isWildcard };
}

/** @param hostname as `canonicalHost` gives it */
export function matchesHost(hostname: string, pattern: HostPattern): boolean {
  return pattern.isWildcard ? hostname.endsWith(`.${pattern.hostname}`) : hostname === pattern.hostname;
}

/** The host as a URL would have it, or null when a URL would not take it, or would find more in it than a host. */
function canonicalHost(text: string): string | null {
  if (text === '' || /[\s/?#@\\*%]/.test(text)) return null;
  const bracketed = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
  const url = URL.parse(`https://${bracketed}/`);
  if (url === null || url.port !== '' || url.pathname !== '/') return null;
  return hostnameOf(url);
}

/** The host of a URL without brackets and without the dot that ends an absolute name. */
export function hostnameOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
