/** Beginnings of keys of every length and alphabet that threads have; none has control characters. */
const BEGINNINGS = ['', 'thread-', 'user:42/', 'd2b8e3a0-6f44-4c5c-9d8e-', 'ünïcode ', '日本語', '🧵', 'x'.repeat(200)];

/** Different thread ids, always the same ones: for the partitions that producers of any language give them. */
export function threadKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${BEGINNINGS[index % BEGINNINGS.length] ?? ''}${index}`);
}
