import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { createRegistryClient, refusalOf, statusOf, withDeadline } from './registry-client.ts';
import { askRegistry } from './registry-http.ts';
import type { RegistryAddress, RegistryAnswer } from './registry-http.ts';
import type { RegistryLogin } from './security.ts';

/** `schema` is a JSON Schema with `$schema` draft-07: registries check no other dialect. */
export type SchemaSubject = {
  subject: string;
  schema: object;
  compatibility: 'BACKWARD_TRANSITIVE' | 'FORWARD_TRANSITIVE';
};

export type RegisterSchemasOptions = {
  registryUrl: string;
  registryLogin?: RegistryLogin | null;
  subjects: readonly SchemaSubject[];
  signal?: AbortSignal;
};

// A job may wait longer than a handler may, and a registry that has just started is slow.
const TIMEOUTS = { requestMs: 10_000, callMs: 25_000 };

/**
 * Registers the schemas, one subject after the other, and sets each subject's compatibility: before the schema, so that
 * this version is checked, too. What is registered already stays as it is and keeps its id, so the job may run again.
 *
 * Thrown for a change that the subject's compatibility forbids, or a schema that the registry refuses: FatalError.
 * Thrown when the registry refuses us: AccessDenied. Thrown while it does not answer: RetryableError. Subjects before the one it names are registered.
 */
export async function registerSchemas(options: RegisterSchemasOptions): Promise<{ subject: string; id: number }[]> {
  const registered: { subject: string; id: number }[] = [];
  for (const subject of options.subjects) {
    options.signal?.throwIfAborted();
    registered.push({ subject: subject.subject, id: await registerSubject(options, subject) });
  }
  return registered;
}

async function registerSubject(options: RegisterSchemasOptions, wanted: SchemaSubject): Promise<number> {
  const { subject, compatibility } = wanted;
  const action = `registering the schema of subject ${subject} failed`;
  await setCompatibility(options, wanted);
  const { COMPATIBILITY, SchemaType } = await import('@kafkajs/confluent-schema-registry');
  const client = await createRegistryClient(addressIn(options), TIMEOUTS);
  let id: number;
  try {
    // The client would write the compatibility only after the version, and only the first time.
    const registerOptions = { subject, compatibility: COMPATIBILITY[compatibility], updateConfig: false };
    ({ id } = await withDeadline(
      client.register({ type: SchemaType.JSON, schema: JSON.stringify(wanted.schema) }, registerOptions),
      TIMEOUTS,
      action,
    ));
  } catch (error) {
    throw (await refusalOf(error, action, addressIn(options), TIMEOUTS)) ?? registrationError(error, wanted, action);
  }
  // A registry may have ignored the setting while the subject did not exist.
  await setCompatibility(options, wanted);
  return id;
}

function registrationError(error: unknown, { subject, compatibility }: SchemaSubject, action: string): Error {
  if (error instanceof RetryableError) return error;
  const message = error instanceof Error ? error.message : String(error);
  switch (statusOf(error)) {
    case 409:
      return new FatalError(
        `the schema of subject ${subject} is not ${compatibility} compatible with its earlier versions: ${message}. ` +
          'Undo the change, or publish the record under a new topic version',
        { cause: error },
      );
    case 422:
      return new FatalError(`the registry says that the schema of subject ${subject} is invalid: ${message}`, {
        cause: error,
      });
    case null:
      return new FatalError(`${action}: ${message}`, { cause: error });
    default:
      return new RetryableError(`${action}: ${message}`, { cause: error });
  }
}

async function setCompatibility(options: RegisterSchemasOptions, wanted: SchemaSubject): Promise<void> {
  const { subject, compatibility } = wanted;
  const ask = (body?: object): Promise<RegistryAnswer> =>
    askRegistry(addressIn(options), `/config/${encodeURIComponent(subject)}`, {
      timeoutMs: TIMEOUTS.requestMs,
      signal: options.signal,
      ...(body === undefined ? {} : { body }),
    });
  const current = await ask();
  if (current.status === 200 && compatibilityIn(current.text) === compatibility) return;
  // Its own 404: nothing is set for this subject.
  const isUnset = current.status === 404 && current.errorCode !== null;
  if (current.status !== 200 && !isUnset) throw refused(subject, current);
  const changed = await ask({ compatibility });
  if (changed.status !== 200) throw refused(subject, changed);
}

function refused(subject: string, { status, text }: RegistryAnswer): RetryableError {
  const answer = `${status} ${text.slice(0, 500)}`;
  return new RetryableError(`setting the compatibility of subject ${subject} failed: the registry answered ${answer}`);
}

function addressIn({ registryUrl: url, registryLogin: login = null }: RegisterSchemasOptions): RegistryAddress {
  return { url, login };
}

function compatibilityIn(body: string): string | null {
  return /"compatibilityLevel"\s*:\s*"(\w+)"/.exec(body)?.[1] ?? null;
}
