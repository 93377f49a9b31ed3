import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { buildConnector } from 'undici';
import type { WebhookTarget } from '@runlane/webhooks';
import type { Attempt } from './attempt.ts';
import { connectChecked } from './connect-checked.ts';
import type { ConnectNeeds, KeepingLimits } from './connect-checked.ts';

const MAX_HEAD_BYTES = 16 * 1024;

/**
 * One connection to one origin, for one attempt at a time: so an attempt knows which socket and address it had. It is
 * an undici client whose every socket comes from {@link connectChecked}, a socket opened again included.
 */
export class Connection {
  readonly client: Client;
  /** Address of the open socket; null while there is none. */
  address: string | null = null;
  #socket: Socket | null = null;
  #attempt: Attempt | null = null;
  readonly #keeping: KeepingLimits;
  #bytesBefore = 0;
  #hasReceived = false;
  #openedAtMs = 0;
  #requestCount = 0;

  /** @param onClosed called when the socket is gone, for whatever reason */
  constructor(target: WebhookTarget, needs: ConnectNeeds, onClosed: (connection: Connection) => void) {
    this.#keeping = needs.keeping;
    this.client = new Client(target.origin, {
      connect: (_options, callback) => void this.#connect(target, needs, callback),
      allowH2: false,
      pipelining: 1,
      // Whatever the receiver offers.
      keepAliveTimeout: needs.keeping.idleMs,
      keepAliveMaxTimeout: needs.keeping.idleMs,
      maxHeaderSize: MAX_HEAD_BYTES,
      // The deadlines of the attempt are absolute; undici's are postponed by every byte.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.client.on('disconnect', () => {
      this.#hasReceived = this.hasReceived();
      this.#socket = null;
      this.address = null;
      onClosed(this);
    });
  }

  /** Gives the connection to an attempt. */
  begin(attempt: Attempt): void {
    this.#attempt = attempt;
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
    this.#hasReceived = false;
    this.#requestCount += 1;
  }

  /** It has been used for as long as a connection may be: name and certificate have to be checked again. */
  get isWorn(): boolean {
    return this.#requestCount >= this.#keeping.requests || performance.now() - this.#openedAtMs >= this.#keeping.ageMs;
  }

  end(): void {
    this.#attempt = null;
  }

  /** Whether anything came back on the socket since the attempt began. */
  hasReceived(): boolean {
    return this.#hasReceived || (this.#socket !== null && this.#socket.bytesRead > this.#bytesBefore);
  }

  /** Calls back in the same turn in which the socket is ready: an error without a listener would end the process. */
  async #connect(target: WebhookTarget, needs: ConnectNeeds, callback: buildConnector.Callback): Promise<void> {
    const attempt = this.#attempt;
    let socket: Socket;
    try {
      if (attempt === null) throw new Error('A connection is opened only for an attempt.');
      socket = await connectChecked(target, attempt, needs);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    this.#socket = socket;
    this.#openedAtMs = performance.now();
    this.#requestCount = 1;
    this.#bytesBefore = 0;
    this.address = attempt.address;
    attempt.enter('headers');
    callback(null, socket);
  }
}
