/** The database that tests copy, so that not each of their services makes the same tables anew. */
import type { LocalPostgres } from '../infra/local/src/index.ts';
import { createPool } from '../packages/postgres/src/index.ts';
import { createLogger } from '../packages/service-kit/src/index.ts';
import { TEMPLATE_VARIABLE } from '../packages/testkit/src/database.ts';
import { prepareTables } from '../services/run-consumer/src/prepare.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

/** Makes it, and tells the processes of the tests. @returns what removes it */
export async function makeTemplate(postgres: LocalPostgres): Promise<() => Promise<void>> {
  const databaseUrl = await postgres.createDatabase(`runlane_template_${process.pid}`);
  const pool = createPool({ url: databaseUrl, applicationName: 'template', logger });
  await prepareTables({
    pool,
    databaseUrl,
    checkpointSchema: 'public',
    store: { index: null, ttl: null },
    signal: AbortSignal.timeout(300_000),
    logger,
  });
  await pool.end();
  process.env[TEMPLATE_VARIABLE] = databaseUrl;
  return async () => {
    const admin = createPool({ url: postgres.url, applicationName: 'template', logger });
    await admin.query(`drop database ${new URL(databaseUrl).pathname.slice(1)} with (force)`);
    await admin.end();
  };
}
