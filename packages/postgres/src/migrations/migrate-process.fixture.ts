/** One of several processes that migrate at once: `node migrate-process.fixture.ts <url> <directory>`; prints JSON. */
import { createLogger } from '@runlane/service-kit';
import { migrate } from './migrate.ts';

const [databaseUrl = '', directory = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'migrates', level: 'silent' });
// Starts together with the others, however long each took to load.
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const applied = await migrate({ databaseUrl, directory, schema: 'runlane', logger });
process.stdout.write(`${JSON.stringify(applied)}\n`);
process.exit(0);
