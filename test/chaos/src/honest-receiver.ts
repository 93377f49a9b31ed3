import { WebhookReceiver } from '../../e2e/src/webhooks/webhook-receiver.ts';
import { MASTER_KEY } from '../../e2e/src/webhooks/webhook-world.ts';
import type { ServerResponse } from 'node:http';
import type { ReceivedRequest } from '../../e2e/src/webhooks/webhook-receiver.ts';
import { SILENT_PATH } from './history.ts';
import type { Delivery } from './history.ts';

/** Takes everything, and gives one of its URLs no answer until it is released. */
export class HonestReceiver implements AsyncDisposable {
  /** What came to the URLs that answer. */
  readonly deliveries: Delivery[] = [];
  silentCount = 0;
  readonly #receiver: WebhookReceiver;
  readonly #unanswered = new Set<ServerResponse>();
  #isReleased = false;

  private constructor(receiver: WebhookReceiver) {
    this.#receiver = receiver;
    receiver.answer = (response, request) => this.#take(response, request);
  }

  static async start(): Promise<HonestReceiver> {
    return new HonestReceiver(await WebhookReceiver.start());
  }

  get origin(): string {
    return this.#receiver.origin;
  }

  /** From now on the silent URL answers too. */
  release(): void {
    this.#isReleased = true;
    for (const response of this.#unanswered) response.writeHead(204).end();
    this.#unanswered.clear();
  }

  #take(response: ServerResponse, request: ReceivedRequest): void {
    if (request.path.startsWith(SILENT_PATH)) {
      this.silentCount += 1;
      if (!this.#isReleased) {
        this.#unanswered.add(response);
        response.once('close', () => this.#unanswered.delete(response));
        return;
      }
    } else this.deliveries.push(this.#deliveryOf(request));
    response.writeHead(204).end();
  }

  /** Verified when it comes: a signature is good for some minutes. */
  #deliveryOf(request: ReceivedRequest): Delivery {
    const { event } = request;
    let isSigned = true;
    try {
      this.#receiver.verify(request, MASTER_KEY);
    } catch {
      isSigned = false;
    }
    return { isSigned, eventId: event.event_id, runId: event.run_id, sequence: event.sequence, type: event.type };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#receiver[Symbol.asyncDispose]();
  }
}
