/**
 * Arrays in the text form of Postgres: the same as the driver's, at a fraction of its cost. A statement for many rows gets
 * them as arrays, so each of their values passes through here.
 */

const TO_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;

/** The text of an array of numbers, booleans, texts and nulls; null for one that holds anything else: that is the driver's. */
export function arrayLiteral(values: readonly unknown[]): string | null {
  let text = '{';
  for (const value of values) {
    if (text.length > 1) text += ',';
    if (typeof value === 'string') {
      text += TO_ESCAPE.test(value) ? `"${value.replace(ESCAPED, String.raw`\$&`)}"` : `"${value}"`;
    } else if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean') {
      text += String(value);
    } else if (value === null || value === undefined) {
      text += 'NULL';
    } else {
      return null;
    }
  }
  return `${text}}`;
}
