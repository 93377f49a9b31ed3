import { randomUUID } from 'node:crypto';
import { query } from '@runlane/postgres';
import type { Logger, Wakeup } from '@runlane/service-kit';
import type { Pool } from 'pg';
import type { Hints } from '../../app/ports.ts';
import { sql } from './statements.ts';

/** Channel on which processes tell each other that there is work; the payload says which. */
export const HINT_CHANNEL = 'runlane_hints';

type HintKind = 'runs_ready' | 'events_stored' | 'dead_letters_stored' | 'stops_requested' | 'lanes_marked';

export type HintOptions = {
  pool: Pool;
  /** Loops of this process, which are woken immediately. */
  local: Record<HintKind, Wakeup>;
  /** Shortest time between two NOTIFYs, in milliseconds: each takes a lock on the whole database when it commits. */
  minIntervalMs: number;
  /** The same for hints that somebody waits for: a node shall stop. */
  urgentIntervalMs: number;
  /**
   * Shortest time between two looks for ready runs that other processes make this one take, in milliseconds, and as much
   * again at random: all of them hear all of the hints, so without it looks would grow with the square of their number.
   */
  minLookMs: number;
  /** From 0 to below 1. */
  random: () => number;
  logger: Logger;
};

/**
 * Wakes this process immediately and the others by NOTIFY, at most once per interval and never within a transaction of the
 * ledger. A lost hint costs a poll interval and nothing else. Hints of others make this process look for ready runs only so
 * often; its own hints, for runs that it can execute, immediately.
 */
export class PostgresHints implements Hints {
  readonly #options: HintOptions;
  readonly #due = new Set<HintKind>();
  #timer: NodeJS.Timeout | null = null;
  #lastSentMs = 0;
  /** When the timer is due. */
  #sendAtMs = 0;
  /** Suffix of the payloads of this process. They need not wake it: it was woken when it gave the hint. */
  readonly #signature = `@${randomUUID()}`;
  #lookTimer: NodeJS.Timeout | null = null;
  #nextLookMs = 0;

  constructor(options: HintOptions) {
    this.#options = options;
  }

  runsReady(): void {
    this.#hint('runs_ready');
  }

  eventsStored(): void {
    this.#hint('events_stored');
  }

  deadLettersStored(): void {
    this.#hint('dead_letters_stored');
  }

  stopsRequested(): void {
    this.#hint('stops_requested', this.#options.urgentIntervalMs);
  }

  lanesMarked(): void {
    this.#hint('lanes_marked');
  }

  /** Call with the payload of a notification; null (a new connection, which may have missed some) wakes everything. */
  onNotify(payload: string | null): void {
    const { local } = this.#options;
    if (payload?.endsWith(this.#signature) === true) return;
    if (payload === null || payload.includes('runs_ready')) this.#lookSoon();
    if (payload === null || payload.includes('events_stored')) local.events_stored.notify();
    if (payload === null || payload.includes('dead_letters_stored')) local.dead_letters_stored.notify();
    if (payload === null || payload.includes('stops_requested')) local.stops_requested.notify();
    if (payload === null || payload.includes('lanes_marked')) local.lanes_marked.notify();
  }

  /** Drops pending hints. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#lookTimer !== null) clearTimeout(this.#lookTimer);
    this.#due.clear();
  }

  /** Immediately after a quiet time; when hints come faster, one look follows the last of them. */
  #lookSoon(): void {
    if (this.#lookTimer !== null) return;
    const { local, minLookMs, random } = this.#options;
    const nowMs = performance.now();
    const lookMs = Math.max(nowMs, this.#nextLookMs);
    this.#nextLookMs = lookMs + minLookMs * (1 + random());
    if (lookMs === nowMs) {
      local.runs_ready.notify();
      return;
    }
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = null;
      local.runs_ready.notify();
    }, lookMs - nowMs);
  }

  #hint(kind: HintKind, intervalMs = this.#options.minIntervalMs): void {
    this.#options.local[kind].notify();
    this.#due.add(kind);
    const nowMs = performance.now();
    const sendAtMs = Math.max(nowMs, this.#lastSentMs + intervalMs);
    if (this.#timer !== null) {
      if (sendAtMs >= this.#sendAtMs) return;
      clearTimeout(this.#timer);
    }
    this.#sendAtMs = sendAtMs;
    this.#timer = setTimeout(() => void this.#send(), sendAtMs - nowMs);
  }

  async #send(): Promise<void> {
    const payload = [...this.#due].join(',') + this.#signature;
    this.#due.clear();
    this.#lastSentMs = performance.now();
    this.#timer = null;
    try {
      await query(this.#options.pool, sql.sendHint, { channel: HINT_CHANNEL, payload });
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'hint.not_sent');
    }
  }
}
