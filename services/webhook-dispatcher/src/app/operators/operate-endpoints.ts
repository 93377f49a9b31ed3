/** A URL, by its hash, or an origin with all of its URLs. `origin` of a URL is needed only where the ledger may not know it. */
export type Place = { origin: string; urlHash: string | null } | { origin: null; urlHash: string };

/** What operators do to URLs and origins. Each rejects with RetryableError while the database is away. */
export interface EndpointOperator {
  /**
   * Pauses it until it is resumed; what is due stays due. The process that sends learns of it within a sixth of a lease, and
   * lets requests under way end.
   *
   * @returns false when the ledger knows nothing of it
   */
  pause(place: Place): Promise<boolean>;
  /**
   * Lifts what keeps webhooks from being sent to it: the pause of an operator, an open breaker, a pause that the receiver asked
   * for. For an origin, also that of all its URLs. Requests that are under way may be sent again, under the same webhook-id.
   *
   * @returns how many URLs something was lifted from; null when the ledger knows nothing of the place
   */
  resume(place: Place): Promise<number | null>;
  /** Enables URLs that were disabled; deliveries that ended in the meantime are sent only by a replay. @returns as `resume` */
  enable(place: Place): Promise<number | null>;
}
