import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** Address of a database with the tables of run-consumer, which belong to no deployment yet. The whole test run shares it. */
export const TEMPLATE_VARIABLE = 'RUNLANE_TEST_TEMPLATE';

/** Creates a database beside the administrator's one and returns its address: empty, or a copy of the template. */
export async function createDatabase(adminUrl: string, template: string | null = null): Promise<string> {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`create database ${name} ${template === null ? '' : `template ${template}`}`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Name of the template on the administrator's server; null when there is none, as on a server that a test has started. */
export function preparedTemplate(adminUrl: string): string | null {
  const address = process.env[TEMPLATE_VARIABLE];
  if (address === undefined) return null;
  const template = new URL(address);
  return template.host === new URL(adminUrl).host ? template.pathname.slice(1) : null;
}
