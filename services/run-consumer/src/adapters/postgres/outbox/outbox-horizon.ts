/**
 * Purpose   Says up to where the outbox is published, so that a look can begin there. While an old snapshot is open, such as
 *           that of a dump, entries of published events stay in the index, and each look would read all of them again.
 * I6        An id says nothing about its commit: a transaction that took a lower one may commit later. Ids up to the highest
 *           that was seen are decided once every transaction has ended that had begun by then. All writers of events lock
 *           rows first, so none takes an id before it counts as begun; and a reader's old snapshot is no such transaction.
 * I3        What was seen is valid for one life of the ledger. A copy may have forgotten it, so the select compares.
 */
import type { Database } from '@runlane/postgres';
import { sql } from '../statements.ts';

/** Every event before `from` is published, in the ledger of that name; an empty name matches no ledger. */
export type OutboxPlace = { from: bigint; ledger: string };

type HorizonRow = {
  ledger: string | null;
  oldest_open: bigint;
  next_transaction: bigint;
  highest_id: bigint;
  oldest_unpublished: bigint | null;
};

const NOWHERE: OutboxPlace = { from: 0n, ledger: '' };

export class OutboxHorizon {
  readonly #database: Database;
  readonly #everyMs: number;
  #place = NOWHERE;
  /** What is decided once the transactions before `next_transaction` have ended. */
  #seen: HorizonRow | null = null;
  #askedAtMs = -Infinity;

  /** @param everyMs shortest time between two questions, in milliseconds */
  constructor(database: Database, everyMs: number) {
    this.#database = database;
    this.#everyMs = everyMs;
  }

  /** Thrown: RetryableError while the database is away. */
  async place(): Promise<OutboxPlace> {
    if (performance.now() - this.#askedAtMs < this.#everyMs) return this.#place;
    const [now] = await this.#database.query<HorizonRow>(sql.selectOutboxHorizon, { outbox_id: this.#place.from });
    this.#askedAtMs = performance.now();
    if (now !== undefined) this.#follow(now);
    return this.#place;
  }

  #follow(now: HorizonRow): void {
    if (now.ledger === null || now.ledger !== this.#seen?.ledger) {
      this.#place = NOWHERE;
      this.#seen = now.ledger === null ? null : now;
      return;
    }
    if (now.oldest_open < this.#seen.next_transaction) return;
    const behind = this.#seen.highest_id + 1n;
    const oldest = now.oldest_unpublished;
    this.#place = { from: oldest === null || oldest > behind ? behind : oldest, ledger: now.ledger };
    this.#seen = now;
  }
}
