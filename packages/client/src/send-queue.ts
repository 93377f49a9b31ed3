import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordProducer, OutRecord, WrittenAt } from '@runlane/kafka';
import { RecordTooLarge } from '@runlane/kafka';

/** Most records of one batch: a call waits for the whole of it. */
const MAX_BATCH = 500;

/** How long records wait whose partition takes none, before they are sent again, in milliseconds. */
const HELD_MS = 500;
/** How soon a new call is noticed while nothing but such records waits, in milliseconds. */
const LOOK_EVERY_MS = 50;

type Waiting = {
  /** Resolves with the record once its value is framed. */
  record: Promise<OutRecord>;
  resolve: (at: WrittenAt) => void;
  reject: (error: unknown) => void;
  /** False: its caller has gone, and it was not sent yet. */
  isWanted: () => boolean;
};

/** Sends records; those of one key in the order of `send`. */
export type SendQueue = {
  /**
   * Resolves with the record's coordinates once it is acknowledged. An aborted signal rejects with its reason: a record that
   * still waits is then not sent, one that is under way may still be written.
   */
  send(record: Promise<OutRecord>, signal: AbortSignal): Promise<WrittenAt>;
  /** Waits for everything that was sent before. */
  idle(): Promise<void>;
};

/** Records with their callers, in the order of `send`. */
type Entries = Map<OutRecord, Waiting>;

/**
 * Purpose   One batch at a time, as the producer wants it, and whatever was asked for meanwhile in the next one.
 * Q-I1      Records of one key reach the producer in the order of `send`.
 * Q-I2      A record that its topic refuses fails alone; those behind it are sent again without it. One of them may so be
 *           written twice, which a `run_id` makes harmless.
 * Q-I3      A record whose partition has no leader, or too few replicas, waits with the later ones of its key until their
 *           callers give up, and holds up no other.
 */
export function createSendQueue(producer: RecordProducer): SendQueue {
  const waiting: Waiting[] = [];
  let sending: Promise<void> | null = null;

  async function sendAll(): Promise<void> {
    // A short wait, so that the calls of one caller in one turn are one batch.
    await Promise.resolve();
    let held: Entries = new Map();
    let heldUntilMs = 0;
    while (waiting.length > 0 || held.size > 0) {
      if (waiting.length === 0) await sleep(LOOK_EVERY_MS);
      const fresh = await framed(waiting.splice(0, MAX_BATCH));
      held = new Map([...held].filter(([, entry]) => entry.isWanted()));
      const isTime = performance.now() >= heldUntilMs;
      const { batch, behind } = isTime ? { batch: new Map([...held, ...fresh]), behind: null } : apart(held, fresh);
      const left = await sendBatch(batch);
      if (left.size > 0) heldUntilMs = performance.now() + HELD_MS;
      held = new Map([...(behind ?? []), ...left]);
    }
    // In the same turn as the last look; otherwise a call in between would wait for ever.
    sending = null;
  }

  /** Those whose values are framed; the others are rejected. */
  async function framed(entries: readonly Waiting[]): Promise<Entries> {
    const ready: Entries = new Map();
    for (const entry of entries) {
      try {
        const record = await entry.record;
        if (entry.isWanted()) ready.set(record, entry);
      } catch (error) {
        entry.reject(error);
      }
    }
    return ready;
  }

  /** Resolves with those of partitions that take none now; all others are decided. */
  async function sendBatch(unsent: Entries): Promise<Entries> {
    while (unsent.size > 0) {
      const untaken = new Set<OutRecord>();
      try {
        await producer.publish([...unsent.keys()], {
          onWritten: (record, at) => {
            unsent.get(record)?.resolve(at);
            unsent.delete(record);
          },
          onLeaderless: (record) => untaken.add(record),
        });
        return new Map([...unsent].filter(([record]) => untaken.has(record)));
      } catch (error) {
        const refused = error instanceof RecordTooLarge ? unsent.get(error.record) : undefined;
        if (refused !== undefined && error instanceof RecordTooLarge) {
          refused.reject(error);
          unsent.delete(error.record);
          continue;
        }
        for (const entry of unsent.values()) entry.reject(error);
        break;
      }
    }
    return new Map();
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

/** What is sent now, and what is held, with the later ones of the same keys behind it. */
function apart(held: Entries, fresh: Entries): { batch: Entries; behind: Entries } {
  const keys = new Set([...held.keys()].flatMap(({ key }) => (key === null ? [] : [String(key)])));
  const isBehind = ({ key }: OutRecord) => key !== null && keys.has(String(key));
  const all = [...fresh];
  return {
    batch: new Map(all.filter(([record]) => !isBehind(record))),
    behind: new Map([...held, ...all.filter(([record]) => isBehind(record))]),
  };
}
