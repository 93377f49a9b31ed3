/**
 * The owner of a schema. Two deployments in one database would publish each other's events and deliver each other's
 * webhooks, and only unexpected records on topics would show it. The first one leaves its topic prefix as the schema's
 * comment, which backups carry along; another one is refused.
 */
import { RunlaneError } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import pg from 'pg';
import type { Pool } from 'pg';
import { SQLSTATE, sqlState } from '../sqlstate.ts';
import { withTransaction } from '../transaction.ts';

/** Any number: it only has to be the same in every process that marks a schema. */
const MARK_LOCK = 7_261_905_312;

const MARK = /^Runlane, topic prefix: (".*")$/;

export type SchemaOwner = { schema: string; topicPrefix: string; logger: Logger };

/**
 * Marks the schema as the deployment's, or finds that it is marked. A role that may not comment on the schema leaves it unmarked,
 * with a warning.
 *
 * @throws RunlaneError `database_of_another_prefix`
 */
export async function claimSchema(pool: Pool, { schema, topicPrefix, logger }: SchemaOwner): Promise<void> {
  try {
    await withTransaction(pool, async (client) => {
      await client.query(`select pg_advisory_xact_lock(${MARK_LOCK})`);
      const { rows } = await client.query<{ mark: string | null }>(
        `select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = ${pg.escapeLiteral(schema)}`,
      );
      const owner = MARK.exec(rows[0]?.mark ?? '')?.[1];
      if (owner === undefined) {
        const mark = `Runlane, topic prefix: ${JSON.stringify(topicPrefix)}`;
        await client.query(`comment on schema ${pg.escapeIdentifier(schema)} is ${pg.escapeLiteral(mark)}`);
      } else if (JSON.parse(owner) !== topicPrefix) {
        throw new RunlaneError({
          code: 'database_of_another_prefix',
          message:
            `The schema ${schema} of this database belongs to the deployment with RUNLANE_TOPIC_PREFIX=${owner}, and this ` +
            `one has ${JSON.stringify(topicPrefix)}. Two deployments need two databases: set DATABASE_URL to another one, ` +
            `or the prefix to ${owner}. If the deployment was renamed: comment on schema ${schema} is null.`,
        });
      }
    });
  } catch (error) {
    if (sqlState(error) !== SQLSTATE.insufficientPrivilege) throw error;
    logger.warn({ err: error, schema }, 'schema.not_marked: another deployment in this database would not be noticed');
  }
}
