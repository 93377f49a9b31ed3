/** A URL, by its hash, or an origin with all of its URLs. `origin` of a URL is needed only where the ledger may not know it. */
export type Place = { origin: string; urlHash: string | null } | { origin: null; urlHash: string };

/** What operators do to URLs and origins. Each rejects with RetryableError while the database is away. */
export interface EndpointOperator {
  /**
   * Lets nothing be sent to it until it is resumed; what is due stays due. Whoever is sending hears of it within a sixth of a
   * lease, and lets end what is under way.
   *
   * @returns false when the ledger knows nothing of it
   */
  pause(place: Place): Promise<boolean>;
  /**
   * Lifts what keeps webhooks from being sent to it: the pause of an operator, an open breaker, a pause that the receiver asked
   * for. Of an origin that of all its URLs too. What is under way meanwhile may be sent again, under the same webhook-id.
   *
   * @returns how many URLs something was lifted from; null when the ledger knows nothing of the place
   */
  resume(place: Place): Promise<number | null>;
  /** Enables URLs that were disabled; what ended meanwhile is sent by a replay only. @returns as `resume` */
  enable(place: Place): Promise<number | null>;
}
