/**
 * Asks at most once every `keepMs` milliseconds, however many callers there are, and never twice at the same time. After a failure
 * the next call asks again.
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
