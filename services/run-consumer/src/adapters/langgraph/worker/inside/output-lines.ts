/** Joins what is written to a stream in pieces into whole lines. Each writer has its own lines, so that runs do not mix. */
import { StringDecoder } from 'node:string_decoder';

/** Longest line, in characters; a longer one is passed on in pieces. */
const MAX_LINE = 16_384;

/** Milliseconds after the last piece at which an unfinished line is passed on: the tokens of a model may end without a newline. */
const PATIENCE_MS = 1_000;

type Unfinished = { decoder: StringDecoder; text: string; timer: NodeJS.Timeout | undefined };

export class OutputLines<Writer extends object> {
  readonly #tell: (line: string, writer: Writer) => void;
  readonly #unfinished = new Map<Writer, Unfinished>();

  /** @param tell gets each line without its end, and who wrote it; empty lines are left out */
  constructor(tell: (line: string, writer: Writer) => void) {
    this.#tell = tell;
  }

  /**
   * Takes a piece: a text, or bytes of UTF-8, in which a character may be cut in two. Bytes that are no UTF-8 become U+FFFD.
   */
  write(piece: string | Uint8Array, writer: Writer): void {
    const unfinished = this.#unfinished.get(writer) ?? {
      decoder: new StringDecoder('utf8'),
      text: '',
      timer: undefined,
    };
    this.#unfinished.set(writer, unfinished);
    clearTimeout(unfinished.timer);
    const text = typeof piece === 'string' ? piece : unfinished.decoder.write(Buffer.from(piece));
    const lines = (unfinished.text + text).split(/\r?\n/);
    const last = lines.pop() ?? '';
    for (const line of lines) this.#tellInPieces(line, writer);
    const whole = last.length - (last.length % MAX_LINE);
    this.#tellInPieces(last.slice(0, whole), writer);
    unfinished.text = last.slice(whole);
    unfinished.timer = setTimeout(() => this.#end(writer, unfinished), PATIENCE_MS).unref();
  }

  /** Passes on unfinished lines. */
  flush(): void {
    for (const [writer, unfinished] of this.#unfinished) this.#end(writer, unfinished);
  }

  #end(writer: Writer, unfinished: Unfinished): void {
    clearTimeout(unfinished.timer);
    this.#unfinished.delete(writer);
    this.#tellInPieces(unfinished.text + unfinished.decoder.end(), writer);
  }

  #tellInPieces(line: string, writer: Writer): void {
    for (let from = 0; from < line.length; from += MAX_LINE) this.#tell(line.slice(from, from + MAX_LINE), writer);
  }
}
