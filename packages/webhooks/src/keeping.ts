/**
 * A pure function whose results are kept for the texts that were asked for last, at most `limit` of them: texts are free to mint.
 * They are kept in two generations, because to put each text that is asked for at the end of one map costs more than many results.
 */
export function keeping<T>(limit: number, make: (text: string) => T): (text: string) => T {
  let young = new Map<string, T>();
  let old = new Map<string, T>();
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    const value = old.get(text) ?? make(text);
    if (young.size >= limit / 2) {
      old = young;
      young = new Map();
    }
    young.set(text, value);
    return value;
  };
}
