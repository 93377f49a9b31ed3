/** A body up to this size comes with its delivery: a queue of them is small, and most need no second query. */
export const INLINE_BYTES = 8 * 1024;
