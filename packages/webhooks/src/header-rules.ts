/** Most characters of a configured header's value. */
const MAX_VALUE_LENGTH = 4096;
/** Most characters of a configured header's name. */
const MAX_NAME_LENGTH = 256;

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\x20-\x7e\t]*$/;

/**
 * Names in `x-*` that proxies, frameworks and clouds act upon: they would change where a request goes or who it seems to
 * come from, or give it rights at a metadata service.
 */
const DENIED = [
  /^x-forwarded(-|$)/,
  /^x-(real|client|cluster-client|originating|remote|true-client)-?(ip|addr|host)/,
  /^x-(original|rewrite)-/,
  /^x-(http-)?method(-|$)/,
  /^x-host$/,
  /^x-amz/,
  /^x-aws-/,
  /^x-google/,
  /^x-envoy-/,
  /^x-ms-/,
];

/**
 * Says what is wrong with a header that is to go with every webhook; null when nothing is. `authorization` and `x-*`
 * are free, except for those that change routing, framing, identity or signature. The text never holds the value.
 */
export function headerProblem(name: string, value: string): string | null {
  if (name.length > MAX_NAME_LENGTH || !TOKEN.test(name)) return 'is no name of a header';
  // Gateways turn one into the other, so `x-forwarded_for` can arrive as `x-forwarded-for`.
  const plain = name.toLowerCase().replaceAll('_', '-');
  if (plain !== 'authorization' && !/^x-./.test(plain)) {
    return 'cannot be set: use authorization, or a name that begins with x-';
  }
  if (DENIED.some((pattern) => pattern.test(plain))) return 'cannot be set: servers route or trust by it';
  if (value.length > MAX_VALUE_LENGTH) return `has a value of more than ${MAX_VALUE_LENGTH} characters`;
  if (!VALUE.test(value)) return 'has a value with characters other than printable ASCII';
  if (value.trim() !== value || value === '') return 'has a value that is empty, or has blanks around it';
  return null;
}
