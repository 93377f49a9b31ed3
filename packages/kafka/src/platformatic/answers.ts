import { ResponseError, protocolErrorsCodesById } from '@platformatic/kafka';

/** An error of the protocol by its number, for answers that come as values. `where` begins its message. */
export class KafkaAnswer extends Error {
  override readonly name = 'KafkaAnswer';
  /** The protocol's name of the error, such as `NOT_LEADER_OR_FOLLOWER`. */
  readonly type: string;

  constructor(code: number, where: string, detail?: string | null) {
    const type = errorType(code);
    super(`${where}: ${type}${detail ? ` (${detail})` : ''}`);
    this.type = type;
  }
}

/** A connection to a broker that has failed. The library wraps the reason several times; the message has all of it. */
export class ConnectionFailed extends Error {
  override readonly name = 'ConnectionFailed';

  constructor({ host, port }: { host: string; port: number }, failure: Error) {
    super(`${host}:${port}: ${messagesOf(failure).join(': ')}`, { cause: failure });
  }
}

function messagesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const inner = 'errors' in error && Array.isArray(error.errors) ? error.errors.flatMap(messagesOf) : [];
  return [error.message, ...inner, ...messagesOf(error.cause)].filter((message) => message !== '');
}

/** The protocol's name of an error number. */
export function errorType(code: number): string {
  return (protocolErrorsCodesById as Record<number, string>)[code] ?? `error ${code}`;
}

/**
 * The answer behind an error: the library throws for the whole answer when one part of it carries an error. Null when no
 * broker has answered.
 */
export function responseOf<Response>(error: unknown): Response | null {
  if (!(error instanceof ResponseError)) return null;
  return ('response' in error ? error['response'] : null) as Response | null;
}

/** Resolves with the answer, also when parts of it carry errors. */
export async function withErrors<Response>(answer: Promise<Response>): Promise<Response> {
  try {
    return await answer;
  } catch (error) {
    const response = responseOf<Response>(error);
    if (response === null) throw error;
    return response;
  }
}

/** True when the errors of an answer are those of single topics: others of the same answer hold. */
export function isOfTopic(error: unknown): boolean {
  return (
    error instanceof ResponseError &&
    error.errors.every((inner: unknown) => String(Reflect.get(Object(inner), 'path')).startsWith('/topics/'))
  );
}
