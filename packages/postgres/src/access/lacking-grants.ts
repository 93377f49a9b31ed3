import type { ClientBase } from 'pg';
import { loadSql, valuesOf } from '../sql.ts';

const sql = loadSql(new URL('./sql/list-lacking-grants.sql', import.meta.url));

/** Privileges, such as `SELECT`, on these tables of a schema, or on all of them; and the schema's use. */
export type NeededGrants = { schema: string; tables: readonly string[] | null; privileges: readonly string[] };

/** `privileges` on `object` that the role does not have, as people read them. */
export type LackingGrant = { role: string; object: string; privileges: string };

/** What work on a ledger needs on its tables. */
export const READ_AND_WRITE: readonly string[] = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

/** How many objects a sentence names. */
const NAMED = 4;

/** What the role of the session lacks. Thrown: the driver's error. */
export async function listLacking(client: ClientBase, needs: readonly NeededGrants[]): Promise<LackingGrant[]> {
  // Not prepared: it is asked once of each session.
  const { rows } = await client.query<LackingGrant>(sql.text, valuesOf(sql, { needs: JSON.stringify(needs) }));
  return rows;
}

/** A sentence with the first of what is lacking. */
export function describeLacking(lacking: readonly LackingGrant[]): string {
  const named = lacking.slice(0, NAMED).map(({ object, privileges }) => `${privileges} on ${object}`);
  const moreCount = lacking.length - named.length;
  const more = moreCount > 0 ? `, and grants on ${moreCount} more` : '';
  return `The role "${lacking[0]?.role ?? ''}" of DATABASE_URL lacks ${named.join('; ')}${more}: grant it.`;
}
