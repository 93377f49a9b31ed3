import { valuesOf } from '@runlane/postgres';
import type { SqlStatement, SqlValues } from '@runlane/postgres';

type Plan = { 'QUERY PLAN': [{ Plan: Record<string, number> }] };
type Queryable = { query: (text: string, values: unknown[]) => Promise<{ rows: Plan[] }> };

/**
 * Executes a statement, and tells how many pages of Postgres it has touched: its cost, which is the same on a slow machine. What
 * it writes stays, unless the caller rolls it back.
 */
export async function pagesRead(client: Queryable, statement: SqlStatement, values: SqlValues): Promise<number> {
  const { rows } = await client.query(
    `explain (analyze, buffers, format json) ${statement.text}`,
    valuesOf(statement, values),
  );
  const plan = rows[0]?.['QUERY PLAN'][0].Plan;
  return (plan?.['Shared Hit Blocks'] ?? NaN) + (plan?.['Shared Read Blocks'] ?? NaN);
}
