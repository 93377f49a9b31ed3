/** Texts derived from a configuration schema: the example file for people, the summary for the boot log. */
import type { z } from 'zod';
import { redact } from '../logging/redact.ts';
import { describeVariable } from './variable-description.ts';

const LINE_WIDTH = 110;

/**
 * Text of a `.env.example`: every variable with its description; required ones to be filled in, the others commented
 * out with their default. Deterministic, so that CI can compare it with the checked-in file.
 */
export function envExample(schema: z.ZodObject): string {
  return `${Object.keys(schema.shape)
    .map((name) => exampleEntry(schema, name))
    .join('\n\n')}\n`;
}

function exampleEntry(schema: z.ZodObject, name: string): string {
  const { description, example, isSecret, defaultText } = describeVariable(schema, name);
  const note = defaultText === null ? 'Required.' : defaultText === '' ? 'Unset by default.' : null;
  const comment = wrap(note === null ? description : `${description} ${note}`).map((line) => `# ${line}`);
  const value = defaultText === null ? (isSecret ? '' : (example ?? '')) : defaultText || (example ?? '');
  const shown = isSecret && example !== null && defaultText === null ? [`# For example: ${name}=${example}`] : [];
  return [...comment, ...shown, `${defaultText === null ? '' : '# '}${name}=${value}`].join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/**
 * The configuration in force, for the boot log. Secrets become `[redacted]`; of a secret URL everything but the
 * credentials stays, because host and database are what one looks for when a service does not start.
 */
export function configSummary<S extends z.ZodObject>(schema: S, config: z.infer<S>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, summarise(value, describeVariable(schema, name).isSecret)]),
  );
}

function summarise(value: unknown, isSecret: boolean): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' && URL.canParse(value) && value.includes('://')) return withoutCredentials(value);
  if (isSecret) return Array.isArray(value) ? `${value.length} × [redacted]` : '[redacted]';
  return typeof value === 'string' ? redact(value) : value;
}

/** Query parameters can hold passwords too (`?password=…`, `?sslpassword=…`), so none of their values is shown. */
function withoutCredentials(text: string): string {
  const url = new URL(text);
  const credentials = url.username === '' && url.password === '' ? '' : '[redacted]@';
  const parameters = [...new Set(url.searchParams.keys())].map((key) => `${key}=[redacted]`).join('&');
  return `${url.protocol}//${credentials}${url.host}${url.pathname}${parameters === '' ? '' : `?${parameters}`}`;
}
