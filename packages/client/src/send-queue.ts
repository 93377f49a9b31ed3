import type { RecordProducer, OutRecord, WrittenAt } from '@runlane/kafka';
import { RecordTooLarge } from '@runlane/kafka';

/** Most records of one batch: a call waits for the whole of it. */
const MAX_BATCH = 500;

type Waiting = {
  /** Resolves with the record once its value is framed. */
  record: Promise<OutRecord>;
  resolve: (at: WrittenAt) => void;
  reject: (error: unknown) => void;
  /** False: its caller has gone, and it was not sent yet. */
  isWanted: () => boolean;
};

/** Sends records in the order of `send`. */
export type SendQueue = {
  /**
   * Resolves with the record's coordinates once it is acknowledged. An aborted signal rejects with its reason: a record that
   * still waits is then not sent, one that is under way may still be written.
   */
  send(record: Promise<OutRecord>, signal: AbortSignal): Promise<WrittenAt>;
  /** Waits for everything that was sent before. */
  idle(): Promise<void>;
};

/**
 * Purpose   One batch at a time, as the producer wants it, and whatever was asked for meanwhile in the next one.
 * Q-I1      Records reach the producer in the order of `send`.
 * Q-I2      A record that its topic refuses fails alone; those behind it are sent again without it. One of them may so be
 *           written twice, which a `run_id` makes harmless.
 */
export function createSendQueue(producer: RecordProducer): SendQueue {
  const waiting: Waiting[] = [];
  let sending: Promise<void> | null = null;

  async function sendAll(): Promise<void> {
    // A short wait, so that the calls of one caller in one turn are one batch.
    await Promise.resolve();
    while (waiting.length > 0) await sendBatch(waiting.splice(0, MAX_BATCH));
    // In the same turn as the last look; otherwise a call in between would wait for ever.
    sending = null;
  }

  async function sendBatch(batch: readonly Waiting[]): Promise<void> {
    const unsent = new Map<OutRecord, Waiting>();
    for (const entry of batch) {
      try {
        const record = await entry.record;
        if (entry.isWanted()) unsent.set(record, entry);
      } catch (error) {
        entry.reject(error);
      }
    }
    while (unsent.size > 0) {
      try {
        await producer.publish([...unsent.keys()], {
          onWritten: (record, at) => {
            unsent.get(record)?.resolve(at);
            unsent.delete(record);
          },
        });
      } catch (error) {
        const refused = error instanceof RecordTooLarge ? unsent.get(error.record) : undefined;
        if (refused !== undefined && error instanceof RecordTooLarge) {
          refused.reject(error);
          unsent.delete(error.record);
          continue;
        }
        for (const entry of unsent.values()) entry.reject(error);
        return;
      }
    }
  }

  return {
    send: (record, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<WrittenAt>();
      // It is awaited in its turn; nobody else has to look at it before.
      record.catch(() => undefined);
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push({ record, resolve, reject, isWanted: () => !signal.aborted });
      sending ??= sendAll();
      return promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
    idle: async () => {
      while (sending !== null) await sending;
    },
  };
}
