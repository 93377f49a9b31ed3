import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import type { RegisterSchemasOptions, SchemaSubject } from './register-schemas.ts';
import { askRegistry } from './registry-http.ts';
import type { RegistryAnswer } from './registry-http.ts';

/** How a subject relates to the schema of this version. */
export type SchemaCheck = { subject: string } & (
  | { kind: 'registered' }
  /** Nothing is registered under the subject. */
  | { kind: 'missing' }
  /** The schema is not registered, and could be. */
  | { kind: 'newer' }
  /** The schema could not be registered: an earlier version forbids it. */
  | { kind: 'incompatible'; message: string }
);

const TIMEOUT_MS = 10_000;
/** The registry's own code for a subject that it does not know. */
const UNKNOWN_SUBJECT = 40_401;

/**
 * Asks the registry about each schema, and changes nothing.
 *
 * Thrown: RetryableError while the registry does not answer, AccessDenied when it refuses us; FatalError when it cannot say.
 */
export async function checkSchemas(options: RegisterSchemasOptions): Promise<SchemaCheck[]> {
  const checks: SchemaCheck[] = [];
  for (const subject of options.subjects) checks.push(await checkSubject(options, subject));
  return checks;
}

async function checkSubject(options: RegisterSchemasOptions, wanted: SchemaSubject): Promise<SchemaCheck> {
  const { subject } = wanted;
  const name = encodeURIComponent(subject);
  const body = { schemaType: 'JSON', schema: JSON.stringify(wanted.schema) };
  const ask = (path: string): Promise<RegistryAnswer> =>
    askRegistry({ url: options.registryUrl, login: options.registryLogin ?? null }, path, {
      timeoutMs: TIMEOUT_MS,
      method: 'POST',
      body,
      signal: options.signal,
    });
  const found = await ask(`/subjects/${name}`);
  if (found.status === 200) return { subject, kind: 'registered' };
  if (found.status !== 404) throw refused(subject, found);
  if (found.errorCode === UNKNOWN_SUBJECT) return { subject, kind: 'missing' };
  const tested = await ask(`/compatibility/subjects/${name}/versions?verbose=true`);
  if (tested.status !== 200) throw refused(subject, tested);
  const { isCompatible, messages } = compatibilityIn(tested.text);
  if (isCompatible) return { subject, kind: 'newer' };
  return { subject, kind: 'incompatible', message: messages.join('; ') || 'the registry does not say why' };
}

function compatibilityIn(text: string): { isCompatible: boolean; messages: string[] } {
  const answer: unknown = JSON.parse(text);
  const is = typeof answer === 'object' && answer !== null ? answer : {};
  const messages = 'messages' in is && Array.isArray(is.messages) ? is.messages.map(String) : [];
  return { isCompatible: 'is_compatible' in is && is.is_compatible === true, messages };
}

function refused(subject: string, { status, text }: RegistryAnswer): Error {
  const message = `asking about subject ${subject} failed: the registry answered ${status} ${text.slice(0, 500)}`;
  return status >= 500 ? new RetryableError(message) : new FatalError(message);
}
