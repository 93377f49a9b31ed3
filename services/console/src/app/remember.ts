/**
 * Asks no more often than every `keepMs` milliseconds, however many want to know, and once at a time. What has failed is asked
 * again with the next call.
 *
 * @param now a clock in milliseconds that only goes forward
 */
export function remembering<T>(ask: () => Promise<T>, keepMs: number, now: () => number): () => Promise<T> {
  let kept: { answer: Promise<T>; until: number } | null = null;
  return () => {
    if (kept !== null && now() < kept.until) return kept.answer;
    const asked = { answer: ask(), until: Number.POSITIVE_INFINITY };
    kept = asked;
    asked.answer.then(
      () => (asked.until = now() + keepMs),
      () => {
        if (kept === asked) kept = null;
      },
    );
    return asked.answer;
  };
}
