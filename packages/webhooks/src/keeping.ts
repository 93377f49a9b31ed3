/**
 * A pure function that caches the results for the latest texts, at most `limit` of them, because anybody can invent texts.
 * The cache has two generations: moving each requested text to the end of one map would cost more than computing many
 * results.
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
