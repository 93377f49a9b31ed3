import type { IncomingHttpHeaders } from 'node:http';
import type { Client, Dispatcher } from 'undici';
import type { Attempt } from './attempt.ts';
import { MAX_BODY_BYTES } from './read-answer.ts';

/** `isComplete`: the body was read to its end, so that the connection can be used again. */
export type Answer = { status: number; headers: IncomingHttpHeaders; bytes: Buffer; isComplete: boolean };

/**
 * One POST on a connection. The status of a complete head is the outcome: failing to read the body fails nothing, and of a
 * long one only the beginning is read.
 *
 * Decision  The client's handlers rather than its `request`: that makes a stream for each body, which is there to be read slowly,
 *           and listens to a signal. Here a body is a few bytes, and they cost more than to sign it.
 * Thrown    AttemptFault, or an error of undici, when there was no complete head.
 */
export function exchange(
  client: Client,
  request: { path: string; headers: Record<string, string>; body: Uint8Array },
  attempt: Attempt,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  client.dispatch({ ...request, method: 'POST' }, new AnswerHandler(attempt, resolve, reject));
  return promise;
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #attempt: Attempt;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  #head: { status: number; headers: IncomingHttpHeaders } | null = null;
  readonly #chunks: Buffer[] = [];
  #byteCount = 0;

  constructor(attempt: Attempt, resolve: (answer: Answer) => void, reject: (error: unknown) => void) {
    this.#attempt = attempt;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#attempt.onFault((fault) => controller.abort(fault));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    // An interim answer: the final one follows.
    if (status < 200) return;
    this.#head = { status, headers };
    this.#attempt.mark('firstByteMs');
    this.#attempt.enter('body');
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#byteCount += chunk.byteLength;
    if (this.#byteCount < MAX_BODY_BYTES) return;
    this.#end(false);
    controller.abort(new Error('The rest of the body is not read.'));
  }

  onResponseEnd(): void {
    this.#end(true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#head === null) this.#reject(error);
    else this.#end(false);
  }

  #end(isComplete: boolean): void {
    if (this.#head === null) return;
    const bytes = Buffer.concat(this.#chunks).subarray(0, MAX_BODY_BYTES);
    this.#resolve({ ...this.#head, bytes, isComplete });
  }
}
