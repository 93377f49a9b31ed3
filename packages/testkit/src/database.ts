import { randomUUID } from 'node:crypto';
import { createDatabaseAt } from '@runlane/local';

/** Address of a database with the tables of run-consumer, which belong to no deployment yet. The whole test run shares it. */
export const TEMPLATE_VARIABLE = 'RUNLANE_TEST_TEMPLATE';

/** Creates a database beside the administrator's one and returns its address: empty, or a copy of the template. */
export function createDatabase(adminUrl: string, template: string | null = null): Promise<string> {
  return createDatabaseAt(adminUrl)(`t_${randomUUID().replaceAll('-', '')}`, template ?? undefined);
}

/** Name of the template on the administrator's server; null when there is none, as on a server that a test has started. */
export function preparedTemplate(adminUrl: string): string | null {
  const address = process.env[TEMPLATE_VARIABLE];
  if (address === undefined) return null;
  const template = new URL(address);
  return template.host === new URL(adminUrl).host ? template.pathname.slice(1) : null;
}
