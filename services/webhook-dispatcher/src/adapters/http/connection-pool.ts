import type { WebhookTarget } from '@runlane/webhooks';
import { ORIGIN_SLOTS } from '../../domain/origin-health.ts';
import type { ConnectNeeds } from './connect-checked.ts';
import { Connection } from './connection.ts';

/** Connections kept per origin: as many as an origin has attempts under way at most. */
const MAX_IDLE_PER_ORIGIN = ORIGIN_SLOTS;

/** Idle connections by origin; the one that was used last is used next, so that the others age. */
export class ConnectionPool {
  readonly #needs: ConnectNeeds;
  readonly #idle = new Map<string, Connection[]>();
  #idleCount = 0;

  constructor(needs: ConnectNeeds) {
    this.#needs = needs;
  }

  /** An idle connection of the origin, or a new one, which connects when it is used. */
  take(target: WebhookTarget): Connection {
    const kept = this.#idle.get(target.origin);
    const connection = kept?.at(-1);
    if (connection === undefined) return this.open(target);
    this.#forget(target.origin, connection);
    return connection;
  }

  /** A new connection, which connects when it is used. */
  open(target: WebhookTarget): Connection {
    return new Connection(target, this.#needs, (closed) => this.#forget(target.origin, closed));
  }

  /** Keeps a connection after its answer was read completely. */
  keep(target: WebhookTarget, connection: Connection): void {
    connection.end();
    const kept = this.#idle.get(target.origin) ?? [];
    if (connection.address === null || connection.isWorn || kept.length >= MAX_IDLE_PER_ORIGIN) {
      this.drop(connection);
      return;
    }
    kept.push(connection);
    this.#idleCount += 1;
    // The origin that was used last goes to the end of the map.
    this.#idle.delete(target.origin);
    this.#idle.set(target.origin, kept);
    if (this.#idleCount > this.#needs.keeping.idle) this.#dropOldest();
  }

  /** Destroys a connection immediately, whatever is under way on it. */
  drop(connection: Connection): void {
    connection.end();
    void connection.client.destroy();
  }

  close(): void {
    for (const connection of [...this.#idle.values()].flat()) this.drop(connection);
    this.#idle.clear();
    this.#idleCount = 0;
  }

  #dropOldest(): void {
    for (const [origin, [connection]] of this.#idle) {
      if (connection === undefined) continue;
      this.#forget(origin, connection);
      this.drop(connection);
      return;
    }
  }

  #forget(origin: string, connection: Connection): void {
    const kept = this.#idle.get(origin);
    const index = kept?.indexOf(connection) ?? -1;
    if (kept === undefined || index < 0) return;
    kept.splice(index, 1);
    this.#idleCount -= 1;
    if (kept.length === 0) this.#idle.delete(origin);
  }
}
