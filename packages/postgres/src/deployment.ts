import { RunlaneError } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { openConnection } from './dedicated-connection.ts';

export type DeploymentOptions = {
  databaseUrl: string;
  /** Schema with a table `deployment`, already migrated. */
  schema: string;
  /** RUNLANE_TOPIC_PREFIX of this process. */
  topicPrefix: string;
  logger: Logger;
};

/**
 * Makes the schema that of this deployment, if it is nobody's yet. Two deployments in one schema would publish each other's
 * events, with their inputs, to their own topics.
 *
 * @throws RunlaneError `another_deployment` when it belongs to another topic prefix; the driver's error when the database is
 *   unavailable
 */
export async function joinDeployment(options: DeploymentOptions): Promise<void> {
  const { databaseUrl, schema, topicPrefix, logger } = options;
  const table = `"${schema}".deployment`;
  const config = { connectionString: databaseUrl, application_name: `runlane deployment ${schema}` };
  await using connection = await openConnection(config, logger);
  const { client } = connection;
  await client.query(`insert into ${table} (topic_prefix) values ($1) on conflict do nothing`, [topicPrefix]);
  const { rows } = await client.query<{ topic_prefix: string }>(`select topic_prefix from ${table}`);
  const owner = rows[0]?.topic_prefix ?? topicPrefix;
  if (owner !== topicPrefix) throw anotherDeployment(schema, owner, topicPrefix);
}

function anotherDeployment(schema: string, owner: string, own: string): RunlaneError {
  return new RunlaneError({
    code: 'another_deployment',
    message:
      `Schema ${schema} of DATABASE_URL belongs to the deployment with RUNLANE_TOPIC_PREFIX=${quoted(owner)}, and here it is ` +
      `${quoted(own)}: each would publish the other's events to its own topics. Give every prefix a database of its own, or ` +
      `set RUNLANE_TOPIC_PREFIX=${quoted(owner)}. If the deployment has moved to the new prefix for good, stop all its ` +
      `services and run: delete from ${schema}.deployment;`,
  });
}

function quoted(prefix: string): string {
  return `"${prefix}"`;
}
