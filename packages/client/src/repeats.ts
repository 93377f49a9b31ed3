/** Number of remembered ids. Repeats follow within seconds: a relay without an answer publishes its batch again. */
const MAX_REMEMBERED = 50_000;

/**
 * Recognises events that were published twice. The same record read again is no repeat: it comes again because nobody has
 * committed it.
 */
export function createRepeatFilter(): (eventId: string, partition: number, offset: bigint) => boolean {
  const seen = new Map<string, string>();
  return (eventId, partition, offset) => {
    const place = `${partition}/${offset}`;
    const earlier = seen.get(eventId);
    if (earlier !== undefined) return earlier !== place;
    seen.set(eventId, place);
    const oldest = seen.size > MAX_REMEMBERED ? seen.keys().next().value : undefined;
    if (oldest !== undefined) seen.delete(oldest);
    return false;
  };
}
