/**
 * Reads `bytea[]` as the server writes it in text, `{{"\\x6d","\\x"},{NULL,"\\x00ff"}}`, at the cost of its size: the
 * driver's own parser makes an object per character, which for a state of 30 MiB is more than a process has. Elements
 * hold hexadecimal digits only, so the text is cut at its quotes and looked at nowhere else.
 */

/** An array of bytes as nested as the server's; null for NULL. */
export type NestedBytes = Buffer | null | NestedBytes[];

/** How each element begins: the backslash of `\x` is escaped by another one. */
const ELEMENT = String.raw`"\\x`;
const NULL = 'NULL';

/**
 * The elements of a `bytea[]`, nested as its dimensions are.
 *
 * @param text what the server sends with `bytea_output = hex` (its default) for an array whose subscripts begin at 1
 * @returns null when the text has any other form, which the driver's parser then reads
 */
export function parseByteaArray(text: string): NestedBytes[] | null {
  if (!text.startsWith('{')) return null;
  const root: NestedBytes[] = [];
  const open: NestedBytes[][] = [];
  let current = root;
  let at = 1;
  while (at < text.length) {
    switch (text[at]) {
      case ',':
        at += 1;
        break;
      case '{': {
        const inner: NestedBytes[] = [];
        current.push(inner);
        open.push(current);
        current = inner;
        at += 1;
        break;
      }
      case '}': {
        const outer = open.pop();
        at += 1;
        if (outer === undefined) return at === text.length ? root : null;
        current = outer;
        break;
      }
      case '"': {
        const end = text.indexOf('"', at + 1);
        if (end === -1 || !text.startsWith(ELEMENT, at)) return null;
        current.push(Buffer.from(text.slice(at + ELEMENT.length, end), 'hex'));
        at = end + 1;
        break;
      }
      default:
        if (!text.startsWith(NULL, at)) return null;
        current.push(null);
        at += NULL.length;
    }
  }
  return null;
}
