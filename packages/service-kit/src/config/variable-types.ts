/** Building blocks for environment variables: each reads a non-empty text, because an empty one counts as unset. */
import { z } from 'zod';

/** Any text, null when unset. */
export function text() {
  return z.string().nullable().default(null);
}

/** A whole number between `min` and `max`, both included; signs, fractions and exponents are refused. */
export function wholeNumber(bounds: { min: number; max: number }, what = 'must be a whole number') {
  const error = `${what} from ${bounds.min} to ${bounds.max}`;
  return z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .pipe(z.number().min(bounds.min, { error }).max(bounds.max, { error }));
}

/** Comma-separated values, each read by `element`; blanks around them and empty ones are dropped. */
export function list<E extends z.ZodType<unknown, string>>(element: E) {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(element).min(1, { error: 'must name at least one value' }));
}

/** Comma-separated host:port pairs. An address of IPv6 needs a name, because the Kafka client takes what follows the first colon as the port. */
export function brokers() {
  return list(
    z
      .string()
      .refine((text) => !/:.*:\d*$/.test(text) || /:\/\//.test(text), {
        error: 'cannot hold an IPv6 address: give it a name, in DNS or in /etc/hosts, and write name:port',
        abort: true,
      })
      .regex(/^[A-Za-z0-9._-]+:\d{1,5}$/, {
        error: 'must be comma-separated host:port pairs without a scheme, such as kafka-0:9092,kafka-1:9092',
        abort: true,
      })
      .refine((text) => isPort(text.slice(text.indexOf(':') + 1)), { error: 'must have ports from 1 to 65535' }),
  );
}

function isPort(text: string): boolean {
  const port = Number(text);
  return port >= 1 && port <= 65_535;
}

/** URL of a Postgres database, of which nothing would be dropped: neither a line end nor what follows a `#`. */
export function postgresUrl() {
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol), {
      error: 'must be a URL such as postgres://user:password@host:5432/database (percent-encode special characters)',
      abort: true,
    })
    .refine((text) => !/[\r\n\t]/.test(text), { error: 'must be one line', abort: true })
    .refine((text) => !text.includes('#'), {
      error: 'has a #, after which nothing counts in a URL: write %23 where it belongs to the user or the password',
    });
}

/** An http(s) URL, or null when unset. */
export function optionalUrl() {
  return z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
      error: 'must be a URL that starts with http:// or https://',
    })
    .nullable()
    .default(null);
}
