import { domainToUnicode } from 'node:url';
import { hostnameOf } from './host-pattern.ts';

/** Why a text is not the URL of a webhook, whatever the policy. `message` holds nothing of the URL but its host. */
export type UrlProblem = {
  kind: 'refused';
  code: 'invalid_url' | 'ambiguous_url' | 'unsupported_scheme' | 'credentials' | 'fragment' | 'too_long';
  message: string;
};

/** Longest URL of a webhook, in characters, both as given and as sent. */
export const MAX_URL_LENGTH = 2048;

/**
 * Whitespace, control and invisible characters, lone surrogates: the parser removes some of them, so that what a person
 * or another parser reads is not what it reads.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u;
const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]+)/i;
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/**
 * Reads an absolute http or https URL by the WHATWG rules. Everything on which two parsers could disagree about the
 * host is refused before the parser sees it. The dot that ends an absolute name is dropped, so that a host has one
 * spelling and one origin.
 */
export function parseWebhookUrl(text: string): { kind: 'ok'; url: URL } | UrlProblem {
  if (text.length > MAX_URL_LENGTH) return tooLong(text.length);
  if (INVISIBLE.test(text)) {
    return refused('ambiguous_url', 'The URL has whitespace or an invisible character. Percent-encode or remove it.');
  }
  if (text.includes('\\')) {
    return refused('ambiguous_url', 'The URL has a backslash, which parsers read differently. Percent-encode it.');
  }
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'https' && scheme !== 'http') {
    return refused('unsupported_scheme', `The URL has a scheme other than https and http. Use https.`);
  }
  const authority = ABSOLUTE.exec(text)?.[2];
  if (authority === undefined) {
    return scheme === undefined
      ? refused('invalid_url', 'The webhook is no absolute URL. Write it as https://host/path.')
      : refused('ambiguous_url', 'The URL has no host after "//". Write it as https://host/path.');
  }
  if (authority.includes('@')) {
    return refused(
      'credentials',
      'The URL has credentials before its host. Put a token into the query, or use headers.',
    );
  }
  if (text.includes('#')) return refused('fragment', 'The URL has a fragment, which is never sent. Remove "#…".');
  const url = URL.parse(text);
  if (url === null)
    return refused('invalid_url', 'The URL has an invalid host or port. Write it as https://host/path.');
  const hostname = hostnameOf(url);
  if (!url.hostname.startsWith('[') && !isHostname(hostname)) {
    return refused('invalid_url', 'The host of the URL is no name that DNS could hold.');
  }
  if (url.hostname.endsWith('.')) url.hostname = hostname;
  return url.href.length > MAX_URL_LENGTH ? tooLong(url.href.length) : { kind: 'ok', url };
}

/**
 * Labels of at most 63 characters, 253 in all, and Punycode that decodes: Node's parser checks none of it. Addresses of
 * four numbers pass too.
 */
function isHostname(hostname: string): boolean {
  const isValid = (label: string): boolean => label.length <= 63 && LABEL.test(label);
  return hostname.length <= 253 && hostname.split('.').every(isValid) && !/(^|\.)xn--/.test(domainToUnicode(hostname));
}

function tooLong(length: number): UrlProblem {
  return refused('too_long', `The URL has ${length} characters; ${MAX_URL_LENGTH} are the most. Shorten it.`);
}

function refused(code: UrlProblem['code'], message: string): UrlProblem {
  return { kind: 'refused', code, message };
}
