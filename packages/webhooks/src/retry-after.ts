import { MAX_RETRY_AFTER_SECONDS } from './retry-schedule.ts';

const SECONDS = /^\d+$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The three forms of RFC 9110 section 5.6.7: the current one, that of RFC 850, that of asctime. */
const DATES = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) (?<year>\d{4})$/,
];

/**
 * Seconds that a `Retry-After` header asks for, from 0 to a day; null when it is absent or malformed. Of a repeated
 * header the longest wait counts; a date in the past asks for none.
 *
 * @param header the value, or one value for each time it was sent
 * @param nowMs time of the answer, milliseconds since 1970
 */
export function parseRetryAfter(header: string | readonly string[] | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const values = typeof header === 'string' ? [header] : header;
  const seconds = values.map((value) => parseOne(value.trim(), nowMs)).filter((value) => value !== null);
  return seconds.length === 0 ? null : Math.max(...seconds);
}

function parseOne(value: string, nowMs: number): number | null {
  if (SECONDS.test(value)) return clamp(Number(value));
  const atMs = parseDate(value, nowMs);
  return atMs === null ? null : clamp(Math.ceil((atMs - nowMs) / 1000));
}

function parseDate(value: string, nowMs: number): number | null {
  const parts = DATES.map((form) => form.exec(value)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return null;
  const [day, h, m, s] = [parts['day'], parts['h'], parts['m'], parts['s']].map(Number);
  const month = MONTHS.indexOf(parts['month'] ?? '');
  if (day === undefined || h === undefined || m === undefined || s === undefined || month < 0) return null;
  if (day < 1 || day > 31 || h > 23 || m > 59 || s > 60) return null;
  return Date.UTC(fullYear(parts['year'] ?? '', nowMs), month, day, h, m, s);
}

/** RFC 9110: a year of two digits that seems more than 50 years ahead is one of the past. */
function fullYear(text: string, nowMs: number): number {
  if (text.length === 4) return Number(text);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(text);
  return year > thisYear + 50 ? year - 100 : year;
}

function clamp(seconds: number): number {
  return Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER_SECONDS);
}
