/** The query of a search by metadata: `key=value` pairs, separated by blanks. */
import type { MetadataPair } from '@runlane/run-consumer/ledger';

export type MetadataQuery = { problem: null; pairs: MetadataPair[] } | { problem: string };

const MOST_PAIRS = 10;
const PAIR = /^([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)(?:\s+|$)/;

/** A value with blanks is quoted. A number, true, false or null matches both as such and as text. */
export function readMetadataQuery(text: string): MetadataQuery {
  const pairs: MetadataPair[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const [whole, key, value] = PAIR.exec(rest) ?? [];
    if (whole === undefined || key === undefined || value === undefined || pairs.length === MOST_PAIRS) {
      return {
        problem: `Write metadata as key=value pairs, ten at most, such as tenant=acme user="Ann Lee": not ${rest}`,
      };
    }
    const values = valuesOf(value);
    if (values === null) return { problem: `${value} is no text in quotes, as JSON has them.` };
    pairs.push({ key, values });
    rest = rest.slice(whole.length);
  }
  return { problem: null, pairs };
}

/** Whether metadata has each of the keys with one of its values. */
export function fits(metadata: Readonly<Record<string, unknown>>, pairs: readonly MetadataPair[]): boolean {
  return pairs.every(
    ({ key, values }) => Object.hasOwn(metadata, key) && values.some((value) => value === metadata[key]),
  );
}

function valuesOf(text: string): MetadataPair['values'] | null {
  const read = jsonOf(text);
  if (text.startsWith('"')) return typeof read === 'string' ? [read] : null;
  return typeof read === 'number' || typeof read === 'boolean' || read === null ? [text, read] : [text];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
