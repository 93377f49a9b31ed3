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

/** Comma-separated host:port pairs. */
export function brokers() {
  return list(
    z.string().regex(/^[A-Za-z0-9._-]+:\d{1,5}$/, {
      error: 'must be comma-separated host:port pairs without a scheme, such as kafka-0:9092,kafka-1:9092',
    }),
  );
}

/** URL of a Postgres database. */
export function postgresUrl() {
  return z.string().refine((text) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol), {
    error: 'must be a URL such as postgres://user:password@host:5432/database (percent-encode special characters)',
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
