import type { WebhookRequest } from '../../app/ports.ts';

/** Shorter parts of a URL occur in any text and are no tokens. */
const MIN_SECRET_LENGTH = 6;

/** Removes from a receiver's text what it may have copied from the request: parts of the URL, and values of headers. */
export function redactSecrets(text: string, { url, headers }: WebhookRequest): string {
  const { pathname, search, searchParams, host } = new URL(url);
  const values = Object.entries(headers)
    .filter(([name]) => /^(authorization|x-.*)$/i.test(name))
    .flatMap(([, value]) => [value, ...value.split(' ')]);
  const parts = [url, `${host}${pathname}${search}`, `${pathname}${search}`, pathname, ...pathname.split('/')];
  const secrets = [...parts, search, ...searchParams.values(), ...search.slice(1).split(/[&=]/), ...values]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length >= MIN_SECRET_LENGTH);
  // Longest first, so that no part of a longer one is left.
  return [...new Set(secrets)]
    .toSorted((left, right) => right.length - left.length)
    .reduce((redacted, secret) => redacted.replaceAll(secret, '[redacted]'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
