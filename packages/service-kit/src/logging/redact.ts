const REDACTED = '[redacted]';

/** Keys whose text is a secret wherever it appears. A webhook URL is a credential of its receiver. */
const SECRET_NAME =
  '(?:[\\w-]{0,40}(?:password|passwd|secret|(?<!fencing_)token|api[-_]?key|master_key|private_key)' +
  '|authorization|cookie|set-cookie|webhook|webhook_url)';
const SECRET_IN_JSON = new RegExp(`("${SECRET_NAME}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
/** The same in JSON that is itself quoted in a JSON text. */
const SECRET_IN_QUOTED_JSON = new RegExp(`(\\\\"${SECRET_NAME}\\\\"\\s*:\\s*)\\\\"[^"]*"`, 'gi');
const BEARER = /\b(bearer)\s+[\w.~+/=-]{8,}/gi;
/** "basic" is also a word; base64 shows itself by a capital letter, a digit or padding. */
const BASIC = /\b([Bb]asic)\s+(?=[\w+/]*[A-Z\d=])[\w+/=-]{8,}/g;
const SIGNING_SECRET = /\b(whsec|whsk)_[\w+/=-]+/g;
/** A quotation mark is part of it: a path may have one. The bound keeps the search linear in the length of the text. */
const URL_WITH_AUTHORITY = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"\\<>`]+)/gi;

/** Credentials go from every URL; of http(s) URLs only the origin stays, because the rest may be a webhook's secret. */
function redactUrl(_match: string, scheme: string, rest: string): string {
  const afterCredentials = rest.lastIndexOf('@') + 1;
  const kept = rest.slice(afterCredentials);
  const credentials = afterCredentials > 0 ? `${REDACTED}@` : '';
  if (!/^https?:/i.test(scheme)) return `${scheme}${credentials}${kept}`;
  const authority = kept.split(/[/?#]/, 1)[0] ?? '';
  const hasMore = kept.length > authority.length + 1;
  return `${scheme}${credentials}${authority}${hasMore ? `/${REDACTED}` : kept.slice(authority.length)}`;
}

/**
 * Replaces secrets in a text, normally one JSON log line: values of secret keys, credentials in URLs, everything after
 * the origin of http(s) URLs, bearer tokens and signing secrets. What it cannot know is a bare secret in free text
 * without any of these marks: do not log one.
 */
export function redact(text: string): string {
  return text
    .replace(SECRET_IN_JSON, `$1"${REDACTED}"`)
    .replace(SECRET_IN_QUOTED_JSON, `$1\\"${REDACTED}\\"`)
    .replace(URL_WITH_AUTHORITY, redactUrl)
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(BASIC, `$1 ${REDACTED}`)
    .replace(SIGNING_SECRET, `$1_${REDACTED}`);
}
