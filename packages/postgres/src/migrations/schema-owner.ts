/**
 * The owner of a schema. Two deployments in one database would publish each other's events and deliver each other's
 * webhooks, and only unexpected records on topics would show it. The first one leaves its topic prefix as the schema's
 * comment, which backups carry along; another one is refused.
 */
import { RunlaneError } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import pg from 'pg';
import type { Pool } from 'pg';
import { withTransaction } from '../transaction.ts';

/** Any number: it only has to be the same in every process that marks a schema. */
const MARK_LOCK = 7_261_905_312;

const NOT_MARKED =
  'schema.not_marked: the role lacks the permission, so another deployment in this database would not be noticed';
const MARK = /^Runlane, topic prefix: (".*")$/;

export type SchemaOwner = { schema: string; topicPrefix: string; logger: Logger };

/**
 * Marks the schema as the deployment's, or finds that it is marked. A role that may not comment on the schema leaves it unmarked,
 * with a warning.
 *
 * @throws RunlaneError `database_of_another_prefix`
 */
export async function claimSchema(pool: Pool, { schema, topicPrefix, logger }: SchemaOwner): Promise<void> {
  await withTransaction(pool, async (client) => {
    await client.query(`select pg_advisory_xact_lock(${MARK_LOCK})`);
    // Asked before: a refusal would be told as one that somebody has to mend.
    const { rows } = await client.query<{ mark: string | null; is_ours: boolean }>(
      `select obj_description(oid, 'pg_namespace') as mark, pg_has_role(nspowner, 'usage') as is_ours
         from pg_namespace where nspname = ${pg.escapeLiteral(schema)}`,
    );
    const owner = MARK.exec(rows[0]?.mark ?? '')?.[1];
    if (owner === undefined) {
      if (rows[0]?.is_ours !== true) return logger.warn({ schema }, NOT_MARKED);
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
}
