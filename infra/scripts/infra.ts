/**
 * The servers that Runlane needs, with topics, schemas and tables, and without Runlane: for developing its services.
 *
 * usage: npm run infra
 */
import { STATE_DIRECTORY } from './src/paths.ts';
import { runInfra } from './src/dev/run-infra.ts';

process.exit(await runInfra(process.argv.slice(2), { environment: process.env, stateDirectory: STATE_DIRECTORY }));
