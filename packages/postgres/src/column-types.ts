import pg from 'pg';
import type { CustomTypesConfig } from 'pg';
import { parseByteaArray } from './bytea-array.ts';

const INT8 = 20;
const INT8_ARRAY: number = 1016;
const BYTEA_ARRAY: number = 1001;

/**
 * Reads `int8` as bigint: offsets, sequences and fencing tokens outgrow what a number holds exactly; and `bytea[]`, in
 * which LangGraph's saver selects whole states, at the cost of its size. Belongs to one pool and leaves the driver's global parsers alone, because graphs in the same process may use the driver too.
 */
export const columnTypes: CustomTypesConfig = {
  getTypeParser(oid: number, format: 'text' | 'binary' = 'text') {
    if (format === 'text' && oid === INT8) return BigInt;
    if (format === 'text' && oid === INT8_ARRAY) return (text: string) => toBigInts(parseArray(text));
    if (format === 'text' && oid === BYTEA_ARRAY) {
      return (text: string) => parseByteaArray(text) ?? pg.types.getTypeParser(BYTEA_ARRAY, 'text')(text);
    }
    return pg.types.getTypeParser(oid, format);
  },
};

type Nested = string | null | Nested[];
type NestedBigInts = bigint | null | NestedBigInts[];

function parseArray(text: string): Nested {
  return pg.types.getTypeParser(INT8_ARRAY, 'text')(text) as Nested;
}

function toBigInts(value: Nested): NestedBigInts {
  if (value === null) return null;
  return Array.isArray(value) ? value.map(toBigInts) : BigInt(value);
}
