/**
 * Lists by a condition that no index knows. Each statement looks at a bounded number of rows, and so does a command as a
 * whole: a rare state among ten million rows would otherwise keep a server busy with one question. A list that ends before all
 * rows were looked at says so, and where to continue.
 */

/** What one statement has found. `next`: the place behind which to go on; null when no row is left. */
export type Look<Row, Place> = { rows: readonly Row[]; next: Place | null };

/** Rows that one statement looks at. */
export const LOOKED_AT_ONCE = 5_000;
/** Statements of one command. */
const MOST_LOOKS = 20;

/** Looks until `limit` rows were found, none is left, or `MOST_LOOKS` statements were sent. */
export async function lookThrough<Row, Place>(
  after: Place | null,
  limit: number,
  look: (after: Place | null, limit: number) => Promise<Look<Row, Place>>,
): Promise<Look<Row, Place>> {
  const found: Row[] = [];
  let place = after;
  for (let count = 0; count < MOST_LOOKS; count += 1) {
    const { rows, next } = await look(place, limit - found.length);
    found.push(...rows);
    place = next;
    if (next === null || found.length >= limit) break;
  }
  return { rows: found, next: place };
}

/** What to say behind a list; null when it is whole. `flag`: the one that continues it, with its value. */
export function goOnText(found: Look<unknown, unknown>, limit: number, flag: string): string | null {
  if (found.next === null) return null;
  const looked = (LOOKED_AT_ONCE * MOST_LOOKS).toLocaleString('en');
  return found.rows.length < limit
    ? `${looked} were looked at, and there are more; continue with ${flag}`
    : `There may be more; continue with ${flag}`;
}
