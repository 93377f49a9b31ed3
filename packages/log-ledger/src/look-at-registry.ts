import { AccessDenied } from '@runlane/kafka';
import type { ValueCodec } from '@runlane/kafka';
import type { Logger } from '@runlane/service-kit';
import { FatalError, RetryableError, retrying } from '@runlane/service-kit';

/** Topic and record that a subject of the registry is for. */
export type SubjectOf = readonly [topic: string, recordName: string];

type Codec = Pick<ValueCodec, 'resolve'>;

/**
 * Waits until the registry tells the id of a subject, however long it is away.
 *
 * Thrown: FatalError when the registry refuses us, or does not know the subject; the signal's reason when it aborts.
 */
export async function waitForSubject(
  codec: Codec,
  [topic, recordName]: SubjectOf,
  { signal, logger }: { signal: AbortSignal; logger: Pick<Logger, 'warn'> },
): Promise<void> {
  const look = () => codec.resolve(topic, recordName).catch(failForGood);
  await retrying(look, {
    isRetryable: (error) => error instanceof RetryableError,
    signal,
    onRetry: ({ error }) => logger.warn({ err: error }, 'registry.waited_for'),
  });
}

/**
 * Looks once whether the registry lets us in, for a part that reads whatever it finds and needs no subject to start. A
 * registry that is away, or does not know the subject, is said when a record needs it.
 *
 * Thrown: FatalError when the registry refuses us.
 */
export async function lookAtRegistry(
  codec: Codec,
  [topic, recordName]: SubjectOf,
  logger: Pick<Logger, 'debug'>,
): Promise<void> {
  try {
    await codec.resolve(topic, recordName);
  } catch (error) {
    if (error instanceof AccessDenied) return failForGood(error);
    logger.debug({ topic, record: recordName, err: error }, 'registry.not_looked_at');
  }
}

/** At the very first start nobody is served yet, and whoever starts the process is there to mend it. */
function failForGood(error: unknown): never {
  if (!(error instanceof AccessDenied)) throw error;
  throw new FatalError(`The schema registry refuses this service: ${error.message}`, { cause: error });
}
