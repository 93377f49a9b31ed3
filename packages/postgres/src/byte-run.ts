/**
 * Many byte strings as one value, with the position of each, counted from 1 as in SQL: `substring` finds them there. In an array
 * each would be spelt out as text.
 */
export class ByteRun {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  add(part: Uint8Array): { offset: number; length: number } {
    const offset = this.#length + 1;
    this.#parts.push(part);
    this.#length += part.length;
    return { offset, length: part.length };
  }

  concat(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
